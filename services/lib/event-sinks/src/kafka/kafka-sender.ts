import { Producer, stringSerializers } from "@platformatic/kafka";
import { CLOUD_EVENT_TYPE } from "../cloud-event.ts";
import { toKafkaError } from "./kafka-error.ts";
import type { CloneableKafkaSettings } from "./kafka-settings.ts";

/** A record with an encoded CloudEvent. */
export interface KafkaRecord {
  readonly topic: string;
  /** Records with one key are in one partition, and so in the order in which they were sent. */
  readonly key: string;
  readonly value: string;
}

/** Sends records to Kafka. */
export interface KafkaSender extends AsyncDisposable {
  /**
   * Resolves when all replicas in sync have stored the records. Only one call at a time. After an error, any of the
   * records can be stored: send all of them again, with the same ids.
   * @throws KafkaSendError, KafkaRecordsTooLargeError; the signal's reason when it is aborted
   */
  send(records: readonly KafkaRecord[], signal: AbortSignal): Promise<void>;
}

const CONNECT_MS = 5_000;
/** Longest time without an answer to a request, after which the caller sends the records again. */
const REQUEST_MS = 10_000;
/** Attempts of the client itself, which do not duplicate records. The callers have longer pauses. */
const RETRIES = 2;
const RETRY_MS = 250;

/** Creates a sender. It connects at the first call. This file loads the Kafka client: import it when it is needed. */
export function createKafkaSender(settings: CloneableKafkaSettings): KafkaSender {
  const { clientId, brokers, tls, sasl } = settings;
  let producer: ReturnType<typeof open> | undefined;
  const open = () =>
    new Producer({
      ...{ clientId, bootstrapBrokers: brokers.map(hostAndPort), serializers: stringSerializers },
      // Without -1, the client asks for the id 0 again, which a broker that checks it does not know.
      ...{ producerId: -1n, producerEpoch: -1 },
      // With an idempotent producer, the client waits for all replicas in sync, and its own retries store nothing twice.
      ...{ idempotent: true, autocreateTopics: false, retries: RETRIES, retryDelay: RETRY_MS },
      ...{ connectTimeout: CONNECT_MS, requestTimeout: REQUEST_MS, timeout: REQUEST_MS },
      ...(tls && { tls: { ...tls }, tlsServerName: true }),
      ...(sasl && { sasl: { ...sasl } }),
    });
  const close = async (): Promise<void> => {
    const closing = producer;
    producer = undefined;
    await closing?.close(true).catch(() => {});
  };
  return {
    async send(records, signal) {
      signal.throwIfAborted();
      producer ??= open();
      const messages = records.map(({ topic, key, value }) => ({ topic, key, value, headers: HEADERS }));
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => aborted.reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await Promise.race([producer.send({ messages }), aborted.promise]);
      } catch (error) {
        // The next attempt begins with new connections and a new id of the producer.
        void close();
        // After a time limit, the cause is that no broker answered.
        if (signal.aborted && !isTimeout(signal.reason)) throw signal.reason;
        throw toKafkaError(error, { ...settings, topics: [...new Set(records.map(({ topic }) => topic))] });
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

const isTimeout = (reason: unknown): boolean => reason instanceof Error && reason.name === "TimeoutError";

/** @param broker "host:port"; an IPv6 address is in brackets */
function hostAndPort(broker: string): { readonly host: string; readonly port: number } {
  const colon = broker.lastIndexOf(":");
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(broker.slice(colon + 1)) };
}

const HEADERS = { "content-type": CLOUD_EVENT_TYPE };
