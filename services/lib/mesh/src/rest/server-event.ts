import type { JsonValue } from "@bufbuild/protobuf";

/** Content type of a stream of events, as browsers' EventSource reads it. */
export const EVENT_STREAM = "text/event-stream";

/** An event of a stream of events (HTML Living Standard, server-sent events). */
export interface ServerEvent {
  /** The client sends it as `Last-Event-ID` when it continues. A number in decimal digits. */
  readonly id?: string;
  /** Name of the event. Undefined: "message". One word in lower case. */
  readonly name?: string;
  readonly data: JsonValue;
}

/** Returns the text of an event. null: a comment, which clients ignore. */
export function eventText(event: ServerEvent | null): string {
  if (!event) return ":\n\n";
  const id = event.id === undefined ? "" : `id: ${event.id}\n`;
  const name = event.name === undefined ? "" : `event: ${event.name}\n`;
  // JSON.stringify writes no line breaks, so the data is one line.
  return `${id}${name}data: ${JSON.stringify(event.data)}\n\n`;
}
