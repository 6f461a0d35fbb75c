import { DEFAULT_CHUNK_ROWS, MAX_BATCH_ROWS, MIN_CHUNK_ROWS } from "@bellwether/contract/limits";
import { env } from "@bellwether/env/env";
import { sharedEnv } from "@bellwether/env/shared-env";

/** Environment variables of the service and of the one-shot program. */
export const WEEKLY_ENV = {
  mlUrl: sharedEnv.mlUrl,
  opsUrl: sharedEnv.opsUrl,
  modelConfig: env.path("BELLWETHER_MODEL_CONFIG", "config/model_config.yaml"),
  featureMapping: env.path("BELLWETHER_FEATURE_MAPPING", "config/feature_mapping.yaml"),
  riskPolicy: env.path("BELLWETHER_RISK_POLICY", "config/risk_policy.yaml"),
  dataDir: sharedEnv.dataDir,
  chunkRows: env.integer(
    "WEEKLY_CHUNK_ROWS",
    { min: MIN_CHUNK_ROWS, max: MAX_BATCH_ROWS, unit: "suppliers" },
    DEFAULT_CHUNK_ROWS,
  ),
};

/** Name of the folder below the data folder that has one folder per model and ISO week. */
export const WEEKS_FOLDER = "weeks";
