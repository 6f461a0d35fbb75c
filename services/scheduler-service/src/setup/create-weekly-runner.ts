import { randomUUID } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { type ConfigPair, loadConfigPair } from "@bellwether/config/config-pair";
import { DEFAULT_DRIFT_POLICY, loadRiskPolicy } from "@bellwether/config/risk-policy";
import { DEFAULT_CHUNK_ROWS } from "@bellwether/contract/limits";
import { makeDataFolder } from "@bellwether/files/data-folder";
import type { RunDate } from "@bellwether/ingest/mapping/run-parameters";
import { createMeshTransport, type MeshTransportOptions } from "@bellwether/mesh/client/mesh-transport";
import { createLedgerWeeks } from "../clients/ledger-weeks.ts";
import { createMlScorer } from "../clients/ml-scorer.ts";
import { createOpsLedger } from "../clients/ops-ledger.ts";
import type { ModelFeature } from "../domain/model-contract.ts";
import { InputNotFoundError } from "../domain/scheduler-error.ts";
import { runWeekly } from "../domain/weekly-run.ts";
import type { WeeklyRunner } from "../domain/weekly-runner.ts";
import { allOnDisk, diskErrorOf, onDisk } from "../store/disk-error.ts";
import { openReadable } from "../store/open-readable.ts";
import { readSnapshot, readSnapshotSample, readSource, writeSnapshot } from "../store/snapshot-files.ts";
import { openWeekFolder } from "../store/week-folder.ts";

/** Settings of the weekly runs. */
export interface WeeklySettings {
  /** URLs of the peers' gRPC listeners. */
  readonly mlUrl: string;
  readonly opsUrl: string;
  readonly modelConfig: string;
  readonly featureMapping: string;
  /** Path of risk_policy.yaml. Default: the defaults of its keys. */
  readonly riskPolicy?: string;
  /** Folder for snapshots and reports. */
  readonly weeksFolder: string;
  /** Number of suppliers in one chunk, 1 to 8,192. A run that has stored chunks keeps their size. Default 4,096. */
  readonly chunkRows?: number;
  /** Settings of the calls to peers. Default: clear text, without a token and without new traces. */
  readonly calls?: Pick<MeshTransportOptions, "tls" | "token" | "sampleRatio">;
}

/**
 * Reads the two configuration files (model_config.yaml and feature_mapping.yaml), creates the folder of the
 * weeks and opens channels to the peers.
 * @throws ConfigError, StorageError
 */
export async function createWeeklyRunner(settings: WeeklySettings): Promise<WeeklyRunner> {
  const pair = await loadConfigPair(settings.modelConfig, settings.featureMapping);
  const driftPolicy =
    settings.riskPolicy === undefined ? DEFAULT_DRIFT_POLICY : (await loadRiskPolicy(settings.riskPolicy)).drift;
  await makeDataFolder(settings.weeksFolder);
  const ml = createMeshTransport({ url: settings.mlUrl, ...settings.calls });
  const ops = createMeshTransport({ url: settings.opsUrl, ...settings.calls });
  const modelName = pair.model.name;
  const readSourceOf = (input: string, signal: AbortSignal) =>
    onDisk(input, readSource({ mapping: pair.mapping, input, signal }));
  const openWeek = (week: string) =>
    allOnDisk(settings.weeksFolder, openWeekFolder(settings.weeksFolder, modelName, week));
  const fixed = {
    configHash: pair.configHash,
    chunkRows: settings.chunkRows ?? DEFAULT_CHUNK_ROWS,
    features: featuresOf(pair),
    hasSourceTables: pair.mapping.weekly?.form === "raw",
    readSource: readSourceOf,
    ledger: createOpsLedger(ops, modelName),
    scorer: createMlScorer(ml, modelName),
    openWeek,
    checkInput,
    ingest: (input: string, outParquet: string, run: RunDate, signal: AbortSignal) =>
      onDisk(settings.weeksFolder, writeSnapshot({ ...pair, input, outParquet, run, signal })),
    readChunks: readSnapshot,
    readSample: (parquet: string, suppliers: number, signal: AbortSignal) =>
      onDisk(settings.weeksFolder, readSnapshotSample(parquet, suppliers, signal)),
    driftPolicy,
  };
  return {
    modelName,
    configHash: pair.configHash,
    run(week, input, signal, onProgress, options = {}) {
      const { acceptLosses = null, forceFuture = null, remark = "", keepsSnapshot = false } = options;
      const task = { week, input, signal, holder: newHolder(), acceptLosses, forceFuture, remark, keepsSnapshot };
      return runWeekly({ ...fixed, onProgress }, task);
    },
    isComplete: fixed.ledger.isComplete,
    weeks: createLedgerWeeks(ops, modelName),
    digestOf: readSourceOf,
    async inputOfRun({ week, sourceDigest }) {
      const kept = await openWeek(week).readIngest();
      return kept !== null && kept.sourceDigest === sourceDigest ? kept.input : null;
    },
    folderOf: (week) => path.join(settings.weeksFolder, modelName, week),
    [Symbol.dispose]() {
      ml.close();
      ops.close();
    },
  };
}

function featuresOf({ model }: ConfigPair): ModelFeature[] {
  const features = model.features.map(({ name, kind, unit }) => ({ name, kind, unit }));
  return model.text === null ? features : [...features, { name: model.text.name, kind: "text", unit: "" }];
}

const newHolder = (): string => `${os.hostname().slice(0, 64)}/${process.pid}/${randomUUID()}`;

const checkInput = (input: string): Promise<void> =>
  openReadable(input).catch((error: unknown) => {
    throw diskErrorOf(error, input) ?? new InputNotFoundError(input);
  });
