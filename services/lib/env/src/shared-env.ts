import { DEFAULT_PORTS } from "@bellwether/contract/default-ports";
import { env } from "./env.ts";

/** Protocols of a peer's URL: HTTP, and the target schemes that grpc-js resolves. */
const PEER_PROTOCOLS = ["http", "https", "dns", "ipv4"] as const;

const peerUrl = (service: keyof typeof DEFAULT_PORTS): string => `http://127.0.0.1:${DEFAULT_PORTS[service].grpc}`;

/**
 * Variables that several programs read, with one form and one default each. A program picks the ones that it
 * needs.
 */
export const sharedEnv = {
  /** The gRPC listeners of the services. */
  mlUrl: env.url("ML_SERVICE_URL", PEER_PROTOCOLS, peerUrl("ML_SERVICE")),
  opsUrl: env.url("OPS_SERVICE_URL", PEER_PROTOCOLS, peerUrl("OPS_SERVICE")),
  /** URL of scheduler-service. Null when not set: commands of the CLI then work on the registry's folder. */
  schedulerUrl: env.optional(env.url("SCHEDULER_SERVICE_URL", PEER_PROTOCOLS)),
  /** Threads of ml-service that score. Null when not set: as many as fit the machine. */
  scoringThreads: env.optional(env.integer("SCORING_THREADS", { min: 1, max: 256 })),
  /** Registry of model versions. */
  registry: {
    ...env.text(
      "MODEL_REGISTRY_URL",
      { pattern: /^.{1,4096}$/s, expected: "file:FOLDER, s3://BUCKET/PREFIX or azure://CONTAINER/PREFIX" },
      "file:models",
    ),
    // A URL can have a secret that it must not have.
    secret: true,
  },
  /** Model that answers a request that names none. */
  model: env.text(
    "BELLWETHER_MODEL",
    { pattern: /^[a-z0-9][a-z0-9-]{0,63}$/, expected: "a model name" },
    "supplier-risk",
  ),
  /** The two files that describe a data set: weekly runs and the commands of the CLI read them. */
  modelConfig: env.path("BELLWETHER_MODEL_CONFIG", "config/model_config.yaml"),
  featureMapping: env.path("BELLWETHER_FEATURE_MAPPING", "config/feature_mapping.yaml"),
  /** Limits of weekly runs and of promotions. */
  riskPolicy: env.path("BELLWETHER_RISK_POLICY", "config/risk_policy.yaml"),
  /** Folder with one folder of files per further model. Null when not set: config/models, if it exists. */
  modelFolders: env.optional(env.path("BELLWETHER_MODELS")),
  /** Folder for databases, spools and weeks. */
  dataDir: env.path("BELLWETHER_DATA_DIR", ".bellwether"),
  /** Keys that encrypt the cookies of sessions, as text or in a file. Neither set: a file in the data folder. */
  sessionKey: env.optional(env.secret("BELLWETHER_SESSION_KEY")),
  sessionKeyFile: env.optional(env.path("BELLWETHER_SESSION_KEY_FILE")),
  /** Time for which the last list of API keys is used while it cannot be read. */
  apiKeysHold: env.durationMs("BELLWETHER_API_KEYS_HOLD", "15m", { min: "10s", max: "24h" }),
  /** Whether calls and denials are recorded in the audit log. */
  auditCalls: env.flag("BELLWETHER_AUDIT_CALLS", true),
  databaseUrl: env.optional(env.secretUrl("DATABASE_URL", ["postgres", "postgresql"])),
  redisUrl: env.optional(env.secretUrl("REDIS_URL", ["redis", "rediss"])),
} as const;
