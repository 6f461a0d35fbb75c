import { type EnvOf, env } from "@bellwether/env/env";
import { readTextFile } from "@bellwether/env/text-file";
import type { KafkaSettings } from "./kafka-settings.ts";

const BROKER = String.raw`(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9a-fA-F:.]+\]):\d{1,5}`;
const BROKERS = {
  pattern: new RegExp(`^${BROKER}(,${BROKER}){0,63}$`),
  expected: "brokers such as kafka-1.example.org:9092, with commas and without spaces",
};
const NAME = { pattern: /^.{1,1024}$/, expected: "a name of at most 1024 characters" };
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

/** The variables of the connection to Kafka. Several services read them. */
export const KAFKA_ENV = {
  kafkaBrokers: env.optional(env.text("KAFKA_BROKERS", BROKERS)),
  kafkaTls: env.flag("KAFKA_TLS", false),
  kafkaTlsCa: env.optional(env.path("KAFKA_TLS_CA")),
  kafkaTlsCert: env.optional(env.path("KAFKA_TLS_CERT")),
  kafkaTlsKey: env.optional(env.path("KAFKA_TLS_KEY")),
  kafkaSaslMechanism: env.optional(env.choice("KAFKA_SASL_MECHANISM", MECHANISMS)),
  kafkaSaslUsername: env.optional(env.text("KAFKA_SASL_USERNAME", NAME)),
  kafkaSaslPassword: env.optional(env.secret("KAFKA_SASL_PASSWORD")),
  kafkaAllowCleartext: env.flag("KAFKA_ALLOW_CLEARTEXT", false),
} as const;

/** Form of the name of a topic. */
export const TOPIC = {
  pattern: /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
  expected: "a topic: letters, digits, dots, underscores and hyphens, at most 249",
};

/**
 * Returns the connection to Kafka.
 * @param usedBy the variable that selects Kafka, for the message when no broker is set
 * @throws Error with one line that names the variable and the way out
 */
export function readKafkaSettings(read: EnvOf<typeof KAFKA_ENV>, usedBy: string, clientId: string): KafkaSettings {
  const { kafkaBrokers, kafkaTls, kafkaTlsCa, kafkaTlsCert, kafkaTlsKey, kafkaAllowCleartext } = read;
  if (kafkaBrokers === null) throw new Error(`${usedBy} names kafka, which needs KAFKA_BROKERS: set it`);
  if (!kafkaTls && [kafkaTlsCa, kafkaTlsCert, kafkaTlsKey].some((file) => file !== null))
    throw new Error("KAFKA_TLS_CA, KAFKA_TLS_CERT and KAFKA_TLS_KEY need KAFKA_TLS=true: set it, or remove them");
  if ((kafkaTlsCert === null) !== (kafkaTlsKey === null))
    throw new Error("KAFKA_TLS_CERT and KAFKA_TLS_KEY belong together: set both");
  const brokers = kafkaBrokers.split(",");
  const remote = brokers.find((broker) => !isLoopback(broker));
  if (!kafkaTls && !kafkaAllowCleartext && remote !== undefined)
    throw new Error(
      `KAFKA_BROKERS: events would be sent to ${remote} in clear text: set KAFKA_TLS=true, or KAFKA_ALLOW_CLEARTEXT=true where the network is trusted`,
    );
  return {
    clientId,
    brokers,
    tls: kafkaTls
      ? {
          ...(kafkaTlsCa !== null && { ca: readTextFile("KAFKA_TLS_CA", kafkaTlsCa) }),
          ...(kafkaTlsCert !== null && { cert: readTextFile("KAFKA_TLS_CERT", kafkaTlsCert) }),
          ...(kafkaTlsKey !== null && { key: readTextFile("KAFKA_TLS_KEY", kafkaTlsKey) }),
        }
      : null,
    sasl: readSasl(read),
  };
}

function readSasl(read: EnvOf<typeof KAFKA_ENV>): KafkaSettings["sasl"] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = read;
  if (mechanism === null && username === null && password === null) return null;
  if (mechanism === null || username === null || password === null)
    throw new Error("KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD belong together: set all three");
  return { mechanism, username, password };
}

const isLoopback = (broker: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/.test(broker);
