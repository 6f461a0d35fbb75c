import { nearestName } from "@bellwether/contract/nearest-name";
import type { EnvSource } from "./env.ts";

/** Names of all variables that a program of the project reads; config/example.env describes them. */
export const VARIABLE_NAMES: readonly string[] = [
  "AZURE_STORAGE_ACCOUNT",
  "AZURE_STORAGE_CONNECTION_STRING",
  "AZURE_STORAGE_KEY",
  "AZURE_STORAGE_SAS_TOKEN",
  "BELLWETHER_ALERT_RULES",
  "BELLWETHER_API_KEYS_HOLD",
  "BELLWETHER_AUDIT_SINK",
  "BELLWETHER_AUTH_ALLOW_CLEARTEXT",
  "BELLWETHER_AUTH_AUDIENCE",
  "BELLWETHER_AUTH_IDENTITIES",
  "BELLWETHER_AUTH_ISSUER",
  "BELLWETHER_AUTH_JWKS_FILE",
  "BELLWETHER_AUTH_JWKS_URL",
  "BELLWETHER_AUTH_ROLES_CLAIM",
  "BELLWETHER_DATA_DIR",
  "BELLWETHER_FEATURE_MAPPING",
  "BELLWETHER_HOST",
  "BELLWETHER_LOG_LEVEL",
  "BELLWETHER_MAX_HEADER_BYTES",
  "BELLWETHER_MODEL",
  "BELLWETHER_MODEL_CONFIG",
  "BELLWETHER_NARRATIVE_CACHE",
  "BELLWETHER_NARRATIVE_CONCURRENCY",
  "BELLWETHER_NARRATIVE_LANGUAGE",
  "BELLWETHER_NARRATIVE_TIMEOUT",
  "BELLWETHER_NARRATIVE_TOKENS_PER_DAY",
  "BELLWETHER_NARRATIVE_TOKENS_PER_MINUTE",
  "BELLWETHER_NOTICE_DELIVERY",
  "BELLWETHER_NOTICE_ROUTES",
  "BELLWETHER_OIDC_CLIENT_ID",
  "BELLWETHER_OIDC_CLIENT_SECRET",
  "BELLWETHER_OIDC_GROUPS_CLAIM",
  "BELLWETHER_OIDC_ISSUER",
  "BELLWETHER_OIDC_ROLES",
  "BELLWETHER_OIDC_SCOPE",
  "BELLWETHER_PUBLIC_URL",
  "BELLWETHER_RISK_POLICY",
  "BELLWETHER_SESSION_IDLE",
  "BELLWETHER_SESSION_KEY",
  "BELLWETHER_SESSION_KEY_FILE",
  "BELLWETHER_SESSION_LIFETIME",
  "BELLWETHER_SESSION_ROTATE",
  "BELLWETHER_SMTP_ALLOW_CLEARTEXT",
  "BELLWETHER_SMTP_ALLOW_PRIVATE",
  "BELLWETHER_SMTP_FROM",
  "BELLWETHER_SMTP_URL",
  "BELLWETHER_TLS_CA",
  "BELLWETHER_TLS_CERT",
  "BELLWETHER_TLS_KEY",
  "BELLWETHER_TOKEN",
  "BELLWETHER_TOKEN_FILE",
  "BELLWETHER_WEB_HEADERS",
  "BELLWETHER_WEB_HOSTS",
  "BELLWETHER_WEB_ORIGINS",
  "DATABASE_URL",
  "INGEST_FOLDER",
  "INGEST_MAX_CELL_BYTES",
  "INGEST_MAX_COLUMNS",
  "INGEST_MAX_FILE_BYTES",
  "INGEST_MAX_MEMORY_BYTES",
  "INGEST_MAX_ROWS",
  "INGEST_MAX_SPILL_BYTES",
  "INGEST_STATEMENT_TIMEOUT",
  "INGEST_THREADS",
  "INGEST_TIMEOUT",
  "MISTRAL_API_KEY",
  "MISTRAL_API_KEY_FILE",
  "MISTRAL_BASE_URL",
  "MISTRAL_MODEL",
  "ML_SERVICE_ADMIN_PORT",
  "ML_SERVICE_GRPC_PORT",
  "ML_SERVICE_POLL_INTERVAL",
  "ML_SERVICE_URL",
  "ML_SERVICE_WEB_PORT",
  "MODEL_REGISTRY_URL",
  "OPS_SERVICE_ADMIN_PORT",
  "OPS_SERVICE_DASHBOARD",
  "OPS_SERVICE_GRPC_PORT",
  "OPS_SERVICE_URL",
  "OPS_SERVICE_WEB_PORT",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_METRIC_EXPORT_INTERVAL",
  "OTEL_SDK_DISABLED",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
  "REDIS_URL",
  "SCHEDULER_SERVICE_ADMIN_PORT",
  "SCHEDULER_SERVICE_GRPC_PORT",
  "SCHEDULER_SERVICE_URL",
  "SCHEDULER_SERVICE_WEB_PORT",
  "SCORING_THREADS",
  "WEEKLY_ACCEPT_LOSSES",
  "WEEKLY_ACTOR",
  "WEEKLY_CHUNK_ROWS",
  "WEEKLY_CRON",
  "WEEKLY_FORCE_FUTURE",
  "WEEKLY_INPUT",
  "WEEKLY_INPUT_CHECK",
  "WEEKLY_INPUT_DEADLINE",
  "WEEKLY_INPUT_FOLDER",
  "WEEKLY_INPUT_MARKER",
  "WEEKLY_INPUT_MAX_BYTES",
  "WEEKLY_INPUT_TIMEOUT",
  "WEEKLY_JOB_LOCK",
  "WEEKLY_LOOK_BACK",
  "WEEKLY_RESULTS_URL",
  "WEEKLY_RETRY",
  "WEEKLY_TIME_ZONE",
  "WEEKLY_WEEK",
];

/** Variables that the programs of the project set for each other. */
const INTERNAL: readonly string[] = ["BELLWETHER_LAUNCHED", "BELLWETHER_STARTED_BY"];

/** Prefixes that only variables of the project have. */
const OWN = /^(BELLWETHER|MISTRAL|WEEKLY|ML_SERVICE|OPS_SERVICE|SCHEDULER_SERVICE)_/;

/** A variable that looks like one of the project, but that no program reads. */
export interface UnknownVariable {
  readonly name: string;
  /** The name that was probably meant. Null: none is similar. */
  readonly nearest: string | null;
}

/** Returns the variables that are set, have a prefix of the project, and are read by no program. */
export function unknownVariables(source: EnvSource): readonly UnknownVariable[] {
  const known = new Set([...VARIABLE_NAMES, ...INTERNAL]);
  return Object.keys(source)
    .filter((name) => OWN.test(name) && !known.has(name))
    .sort()
    .map((name) => ({ name, nearest: nearestOf(name) }));
}

/** Returns the nearest name with the same prefix, which does not count for the similarity. */
function nearestOf(name: string): string | null {
  const prefix = OWN.exec(name)?.[0] ?? "";
  const rests = VARIABLE_NAMES.flatMap((known) => (known.startsWith(prefix) ? [known.slice(prefix.length)] : []));
  const nearest = nearestName(name.slice(prefix.length), rests);
  return nearest ? prefix + nearest : null;
}
