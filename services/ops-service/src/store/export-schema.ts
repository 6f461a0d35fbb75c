import { bigint, integer, pgSchema, primaryKey, text, timestamp } from "@bellwether/postgres/drizzle/drizzle";
import type { ExportSink, ExportStream } from "../domain/exports/event-export.ts";

const bellwether = pgSchema("bellwether");

/**
 * How far each sink has each log. The logs themselves are the outbox: the transaction that changes something writes its
 * event into them.
 */
export const eventExport = bellwether.table(
  "event_export",
  {
    sink: text("sink").$type<ExportSink>().notNull(),
    stream: text("stream").$type<ExportStream>().notNull(),
    position: bigint("position", { mode: "number" }).notNull().default(0),
    plannedEnd: bigint("planned_end", { mode: "number" }),
    claim: integer("claim").notNull().default(0),
    claimedUntil: timestamp("claimed_until", { withTimezone: true, mode: "date", precision: 3 }),
  },
  (t) => [primaryKey({ columns: [t.sink, t.stream] })],
);
