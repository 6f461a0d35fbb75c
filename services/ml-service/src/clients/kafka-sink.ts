import { encodeCloudEvent } from "@bellwether/event-sinks/cloud-event";
import { KafkaRecordsTooLargeError } from "@bellwether/event-sinks/kafka/kafka-error";
import { createKafkaSender, type KafkaRecord } from "@bellwether/event-sinks/kafka/kafka-sender";
import type { CloneableKafkaSettings } from "@bellwether/event-sinks/kafka/kafka-settings";
import type { SpooledEvent } from "../domain/audit-event.ts";
import { SinkRejectedError, type SpooledEventDestination } from "../domain/audit-ports.ts";
import { joinObjects } from "../domain/join-objects.ts";

/** The topic for events of calls, and the connection to Kafka. */
export interface KafkaSinkSettings {
  readonly topic: string;
  readonly connection: CloneableKafkaSettings;
}

/** Events have less than 1 KiB on average, so that a request stays below the usual limit of brokers, 1 MiB. */
const MAX_EVENTS = 500;

/** Opens a destination that sends events to a Kafka topic. This file loads the Kafka client: import it only when Kafka is used. */
export function openKafkaSink({ topic, connection }: KafkaSinkSettings): SpooledEventDestination {
  const sender = createKafkaSender(connection);
  return {
    maxEvents: MAX_EVENTS,
    async send(events, signal) {
      try {
        await sender.send(
          events.map((event) => recordFromEvent(topic, event)),
          signal,
        );
      } catch (error) {
        if (!(error instanceof KafkaRecordsTooLargeError)) throw error;
        throw new SinkRejectedError(error.message);
      }
    },
    async close() {
      await sender[Symbol.asyncDispose]();
    },
  };
}

/** Events about no supplier have the producer as their key, so that they stay in order. */
function recordFromEvent(topic: string, event: SpooledEvent): KafkaRecord {
  const { eventId, kind, actor, subject, occurredAtMs, payloadJson, producer, sequence } = event;
  const value = encodeCloudEvent({
    ...{ id: eventId, source: `/bellwether/ml-service/${producer}`, type: `bellwether.${kind}`, subject, sequence },
    time: new Date(occurredAtMs).toISOString(),
    dataJson: joinObjects(JSON.stringify({ actor }), payloadJson),
  });
  return { topic, key: subject || producer, value };
}
