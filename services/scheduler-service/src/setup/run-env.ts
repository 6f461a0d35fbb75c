import path from "node:path";
import { DEFAULT_CHUNK_ROWS, MIN_CHUNK_ROWS } from "@bellwether/contract/chunk-rows";
import { MAX_BATCH_ROWS } from "@bellwether/contract/limits";
import { type EnvOf, env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";
import { INGEST_ENV, ingestLimits } from "@bellwether/ingest/ingest-env";
import type { IngestLimits } from "@bellwether/ingest/ingest-limits";
import { AZURE_ENV, azureCredentials } from "@bellwether/object-store/azure-env";
import type { AzureCredentials } from "@bellwether/object-store/backends/azure-credentials";

/** Object stores of weekly runs. */
export interface StoreSettings {
  readonly azure: AzureCredentials;
  /** Largest size of an input in an object store, bytes. */
  readonly inputMaxBytes: number;
  /** Longest time in which such an input is copied, ms. */
  readonly inputReadMs: number;
  /** URL of the store for snapshots and reports. Null: they are in the data folder only. */
  readonly resultsUrl: string | null;
}

/** Default of the largest size of an input in an object store: that of one file. */
export const DEFAULT_INPUT_MAX_BYTES = 16 * 2 ** 30;

/** Variables of the object stores. None of their values is shown in an error. */
const STORE_ENV = {
  inputMaxBytes: env.integer(
    "WEEKLY_INPUT_MAX_BYTES",
    { min: 1, max: 2 ** 43, unit: "bytes" },
    DEFAULT_INPUT_MAX_BYTES,
  ),
  inputReadMs: env.durationMs("WEEKLY_INPUT_TIMEOUT", "1h", { min: "1s", max: "12h" }),
  resultsUrl: env.optional({
    ...env.text("WEEKLY_RESULTS_URL", {
      pattern: /^(?:(?:s3|azure):\/\/|file:).{1,4000}$/s,
      expected: "s3://BUCKET/PREFIX, azure://CONTAINER/PREFIX or file:FOLDER, without credentials",
    }),
    secret: true,
  }),
  ...AZURE_ENV,
};

/** Returns the settings of the object stores. */
export function storeSettings(config: EnvOf<typeof STORE_ENV>): StoreSettings {
  const { inputMaxBytes, inputReadMs, resultsUrl } = config;
  return { azure: azureCredentials(config), inputMaxBytes, inputReadMs, resultsUrl };
}

/** Path of the risk policy when no other one is set. */
export const DEFAULT_RISK_POLICY = "config/risk_policy.yaml";

/** Environment variables of a weekly run, for the service and for the one-shot program. The schedule has others. */
export const RUN_ENV = {
  ...STORE_ENV,
  ...INGEST_ENV,
  mlUrl: sharedEnv.mlUrl,
  opsUrl: sharedEnv.opsUrl,
  modelConfig: sharedEnv.modelConfig,
  featureMapping: sharedEnv.featureMapping,
  riskPolicy: env.path("BELLWETHER_RISK_POLICY", DEFAULT_RISK_POLICY),
  inputMarker: env.choice("WEEKLY_INPUT_MARKER", ["none", "done", "sha256"], "none"),
  dataDir: sharedEnv.dataDir,
  chunkRows: env.integer(
    "WEEKLY_CHUNK_ROWS",
    { min: MIN_CHUNK_ROWS, max: MAX_BATCH_ROWS, unit: "suppliers" },
    DEFAULT_CHUNK_ROWS,
  ),
};

/** Name of the folder below the data folder that has one folder per model and ISO week. */
export const WEEKS_FOLDER = "weeks";

/**
 * Returns the limits of reading weekly files. Buffers that do not fit into memory go below the data folder, which is a
 * disk in every deployment; the folder for temporary files may be memory.
 */
export const weeklyIngestLimits = (config: EnvOf<typeof RUN_ENV>): IngestLimits =>
  ingestLimits(config, path.resolve(config.dataDir, "ingest"));
