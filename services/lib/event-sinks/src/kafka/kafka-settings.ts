import type { Secret } from "@bellwether/env/secret";

/** A connection to Kafka. */
export interface KafkaSettings {
  /** Name of this client in the logs and quotas of the brokers. */
  readonly clientId: string;
  /** "host:port" of brokers of which one must answer; the others of the cluster are found through it. */
  readonly brokers: readonly string[];
  /** PEM texts. Without `ca`, the certificates of the system are trusted. Null: clear text. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null;
  /** Null: the brokers want no password. */
  readonly sasl: {
    readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
    readonly username: string;
    readonly password: Secret;
  } | null;
}

/** Settings that can be sent to a thread. They contain the password as text: they must not be logged. */
export interface CloneableKafkaSettings extends Omit<KafkaSettings, "sasl"> {
  readonly sasl: (Omit<NonNullable<KafkaSettings["sasl"]>, "password"> & { readonly password: string }) | null;
}

/** Converts settings for a message to a thread. */
export function toCloneable({ sasl, ...settings }: KafkaSettings): CloneableKafkaSettings {
  return { ...settings, sasl: sasl && { ...sasl, password: sasl.password.reveal() } };
}
