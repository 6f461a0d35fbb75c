import type { CloneableKafkaSettings } from "./kafka-settings.ts";

/**
 * Kafka did not store records; sending them again can succeed. The message is one line that names brokers, topics and
 * the way out. The error of the client is not its cause: it can contain the connection with its password.
 */
export class KafkaSendError extends Error {
  override readonly name = "KafkaSendError" as const;
}

/** Kafka rejects these records whenever they are sent: they are too large. */
export class KafkaRecordsTooLargeError extends Error {
  override readonly name = "KafkaRecordsTooLargeError" as const;
}

/** What an error of the client and the errors in it say. */
interface Causes {
  /** Names of errors of the Kafka protocol. */
  readonly protocol: ReadonlySet<string>;
  /** Codes of Node and of the client, for example "ECONNREFUSED". */
  readonly codes: ReadonlySet<string>;
  /** Messages that can contain no settings: those of Node and of TLS. */
  readonly text: string;
}

type Place = Pick<CloneableKafkaSettings, "brokers" | "tls" | "sasl"> & { readonly topics: readonly string[] };

/** Most nested errors that are looked at. */
const MAX_ERRORS = 100;

/** Converts an error of the client into one for operators. */
export function toKafkaError(error: unknown, place: Place): KafkaSendError | KafkaRecordsTooLargeError {
  const causes = causesOf(error);
  const brokers = place.brokers.join(", ");
  const topics = place.topics.join(", ");
  if (causes.protocol.has("MESSAGE_TOO_LARGE") || causes.protocol.has("RECORD_LIST_TOO_LARGE"))
    return new KafkaRecordsTooLargeError(
      `Kafka at ${brokers} rejects records of topic ${topics} that are larger than its limit: raise max.message.bytes of the topic`,
    );
  return new KafkaSendError(textOf(causes, { brokers, topics, place }));
}

function textOf(
  { protocol, codes, text }: Causes,
  { brokers, topics, place: { tls, sasl } }: { brokers: string; topics: string; place: Place },
): string {
  const has = (...names: readonly string[]): boolean => names.some((name) => protocol.has(name) || codes.has(name));
  const user = sasl === null ? "this client" : `user ${sasl.username}`;
  if (has("SASL_AUTHENTICATION_FAILED", "PLT_KFK_AUTHENTICATION", "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE"))
    return `Kafka at ${brokers} rejects the sign-in of ${user}: check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD`;
  if (has("TOPIC_AUTHORIZATION_FAILED"))
    return `${user} is not authorised to write to topic ${topics} of Kafka at ${brokers}: give it the rights Describe and Write on the topic`;
  if (has("CLUSTER_AUTHORIZATION_FAILED"))
    return `${user} is not authorised to write to Kafka at ${brokers} without duplicates: give it the right IdempotentWrite on the cluster`;
  if (has("UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION"))
    return `Kafka at ${brokers} has no topic ${topics}: create it (docs/event-sinks.md), or name another one in the environment`;
  if (has("NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"))
    return `too few replicas of topic ${topics} of Kafka at ${brokers} are in sync: look at the brokers and at min.insync.replicas`;
  const tlsCode = [...codes].find((code) => TLS_CODE.test(code)) ?? (TLS_TEXT.test(text) ? "wrong version" : undefined);
  if (tlsCode !== undefined && /WRONG_VERSION|PACKET_LENGTH|wrong version/i.test(`${tlsCode} ${text}`))
    return `the listener of Kafka at ${brokers} does not use TLS: name the port with TLS, or set KAFKA_TLS=false`;
  if (tlsCode !== undefined)
    return `the certificate of Kafka at ${brokers}, or that of this client, is not accepted (${tlsCode}): check KAFKA_TLS_CA, KAFKA_TLS_CERT and KAFKA_TLS_KEY, and that the brokers have the names in KAFKA_BROKERS`;
  const why = [...protocol, ...[...codes].filter((code) => !code.startsWith("PLT_KFK_"))].join(", ");
  const wayOut =
    tls === null
      ? "check KAFKA_BROKERS; if the port uses TLS, set KAFKA_TLS=true"
      : "check KAFKA_BROKERS and the brokers";
  return `Kafka at ${brokers} does not store records of topic ${topics} (${why || "no answer"}): ${wayOut}`;
}

const TLS_CODE = /^(ERR_SSL|ERR_TLS|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|ERR_OSSL)/;
const TLS_TEXT = /wrong version number|packet length too long/i;

/** Collects codes from an error, its causes and the errors in it. */
function causesOf(error: unknown): Causes {
  const protocol = new Set<string>();
  const codes = new Set<string>();
  const texts: string[] = [];
  const waiting: unknown[] = [error];
  const seen = new Set<unknown>();
  while (waiting.length > 0 && seen.size < MAX_ERRORS) {
    const one = waiting.shift();
    if (!(one instanceof Error) || seen.has(one)) continue;
    seen.add(one);
    if ("apiId" in one && typeof one.apiId === "string") protocol.add(one.apiId);
    if ("code" in one && typeof one.code === "string") codes.add(one.code);
    texts.push(one.message);
    waiting.push(one.cause, ...("errors" in one && Array.isArray(one.errors) ? one.errors : []));
  }
  return { protocol, codes, text: texts.join(" ") };
}
