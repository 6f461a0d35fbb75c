/** An event of the CloudEvents specification, version 1.0. */
export interface CloudEvent {
  /** The same each time that the event is sent: a consumer that has seen it can leave the event out. */
  readonly id: string;
  /** Which service, and for events of ml-service which process, recorded the event: a URI reference. */
  readonly source: string;
  /** Kind of the event, for example "bellwether.prediction.served". */
  readonly type: string;
  /** What the event is about, often the id of a supplier. Empty: the attribute is left out. */
  readonly subject: string;
  /** When it occurred, RFC 3339, UTC. */
  readonly time: string;
  /** Place of the event among those of its source, from 1. Null: the event has none, and the attribute is left out. */
  readonly sequence: number | null;
  /** JSON text. */
  readonly dataJson: string;
}

/** Media type of `encodeCloudEvent`: the structured mode of the Kafka protocol binding. */
export const CLOUD_EVENT_TYPE = "application/cloudevents+json; charset=UTF-8";

/**
 * Encodes an event as one JSON object, without line breaks of its own. `sequence` is written with 20 digits, because
 * the order of the texts must be the order of the numbers (extension "sequence" of CloudEvents).
 */
export function encodeCloudEvent({ id, source, type, subject, time, sequence, dataJson }: CloudEvent): string {
  const attributes = JSON.stringify({
    specversion: "1.0",
    id,
    source,
    type,
    ...(subject !== "" && { subject }),
    time,
    ...(sequence !== null && { sequence: String(sequence).padStart(20, "0") }),
    datacontenttype: "application/json",
  });
  return `${attributes.slice(0, -1)},"data":${dataJson}}`;
}
