import { appendFile } from "node:fs/promises";
import type { EventDestination } from "../src/domain/audit-ports.ts";

/** A sink as a reader of docs/event-sinks.md would write it: it appends ids and sequences to OWN_SINK_FILE. */
export default async function open(): Promise<EventDestination> {
  const file = process.env.OWN_SINK_FILE ?? "";
  return {
    maxEvents: 20,
    async send(events) {
      const lines = events.map(({ eventId: event_id, sequence }) => `${JSON.stringify({ event_id, sequence })}\n`);
      await appendFile(file, lines.join(""));
    },
    close: async () => {},
  };
}
