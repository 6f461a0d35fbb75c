import { env } from "@bellwether/env/env";

/** Variables that every form of the weekly run reads. */
export const WEEKLY_ENV = {
  mlUrl: env.url("ML_SERVICE_URL", ["http", "https", "dns", "ipv4"], "http://127.0.0.1:9081"),
  opsUrl: env.url("OPS_SERVICE_URL", ["http", "https", "dns", "ipv4"], "http://127.0.0.1:9080"),
  modelConfig: env.path("BELLWETHER_MODEL_CONFIG", "config/model_config.yaml"),
  featureMapping: env.path("BELLWETHER_FEATURE_MAPPING", "config/feature_mapping.yaml"),
  dataDir: env.path("BELLWETHER_DATA_DIR", ".bellwether"),
};

/** Name of the folder, below the data folder, that has a folder per model and ISO week. */
export const WEEKS_FOLDER = "weeks";
