import { type CloudEvent, encodeCloudEvent } from "@bellwether/event-sinks/cloud-event";
import { KafkaRecordsTooLargeError } from "@bellwether/event-sinks/kafka/kafka-error";
import { createKafkaSender, type KafkaRecord } from "@bellwether/event-sinks/kafka/kafka-sender";
import type { CloneableKafkaSettings } from "@bellwether/event-sinks/kafka/kafka-settings";
import type { ExportStream } from "../../domain/exports/event-export.ts";

export interface KafkaExportSettings {
  readonly topics: Readonly<Record<ExportStream, string>>;
  readonly connection: CloneableKafkaSettings;
}

/** Sends the events of a log to its topic. */
export interface KafkaExport extends AsyncDisposable {
  /** @throws KafkaSendError */
  send(stream: ExportStream, events: readonly CloudEvent[], signal: AbortSignal): Promise<void>;
}

/** Maximum size of one request, bytes: below the usual limit of brokers, 1 MiB. */
const REQUEST_BYTES = 512 * 1024;

/**
 * Opens the topics. It loads the Kafka client: import this file when it is needed.
 * @param onDropped called for an event that is larger than the topic accepts; its topic gets an event about it instead
 */
export function openKafkaExport(
  { topics, connection }: KafkaExportSettings,
  onDropped: (event: CloudEvent, reason: string) => void,
): KafkaExport {
  const sender = createKafkaSender(connection);
  const send = async (topic: string, events: readonly CloudEvent[], signal: AbortSignal): Promise<void> => {
    try {
      await sender.send(
        events.map((event) => recordFromEvent(topic, event)),
        signal,
      );
    } catch (error) {
      if (!(error instanceof KafkaRecordsTooLargeError)) throw error;
      const [event] = events;
      if (events.length > 1) {
        const half = events.length >> 1;
        await send(topic, events.slice(0, half), signal);
        await send(topic, events.slice(half), signal);
      } else if (event) {
        const gap = { ...event, id: `dropped-${event.id}`, type: "bellwether.events.dropped", sequence: null };
        const data = {
          sink: "kafka",
          events: 1,
          event_id: event.id,
          sequence: event.sequence,
          reasons: { rejected: 1 },
        };
        await sender.send([recordFromEvent(topic, { ...gap, dataJson: JSON.stringify(data) })], signal);
        onDropped(event, error.message);
      }
    }
  };
  return {
    async send(stream, events, signal) {
      for (const part of inRequests(events)) await send(topics[stream], part, signal);
    },
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  };
}

/** Events about no supplier have the log as their key, so that they stay in order. */
function recordFromEvent(topic: string, event: CloudEvent): KafkaRecord {
  return { topic, key: event.subject || event.source, value: encodeCloudEvent(event) };
}

function* inRequests(events: readonly CloudEvent[]): Generator<readonly CloudEvent[]> {
  let from = 0;
  let bytes = 0;
  for (const [at, { dataJson }] of events.entries()) {
    bytes += Buffer.byteLength(dataJson) + 500;
    if (bytes <= REQUEST_BYTES || at === from) continue;
    yield events.slice(from, at);
    [from, bytes] = [at, Buffer.byteLength(dataJson) + 500];
  }
  if (from < events.length) yield events.slice(from);
}
