import {
  bigint,
  index,
  integer,
  pgSchema,
  primaryKey,
  sql,
  text,
  timestamp,
} from "@bellwether/postgres/drizzle/drizzle";
import type { RemovedKind } from "../domain/retention-kinds.ts";

const bellwether = pgSchema("bellwether");

const count = (name: string) => bigint(name, { mode: "number" });

/** How far the removal of each kind of old data is, and how much it has removed. */
export const retentionProgress = bellwether.table("retention_progress", {
  kind: text("kind").$type<RemovedKind>().primaryKey(),
  /** Sequence of the last audit event that was looked at. 0 for other kinds. */
  position: count("position").notNull().default(0),
  removed: count("removed").notNull().default(0),
  lastRemovedAt: timestamp("last_removed_at", { withTimezone: true, mode: "date", precision: 3 }),
});

/** Erasures of suppliers, with how far the search of batches in the audit log is. */
export const subjectErasure = bellwether.table(
  "subject_erasure",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    /** External id of the supplier. */
    supplierId: text("supplier_id").notNull(),
    actor: text("actor").notNull(),
    erasedAt: timestamp("erased_at", { withTimezone: true, mode: "date", precision: 3 }).notNull(),
    /** Sequence of the last audit event before the erasure: batches up to it are searched. */
    eventsUntil: count("events_until").notNull(),
    eventsSearched: count("events_searched").notNull().default(0),
    batchPayloads: integer("batch_payloads").notNull().default(0),
  },
  (t) => [index("subject_erasure_open").on(t.id).where(sql`events_searched < events_until`)],
);

/** What the places with files of weeks have reported about erasures. */
export const erasurePlace = bellwether.table(
  "erasure_place",
  {
    erasureId: integer("erasure_id")
      .notNull()
      .references(() => subjectErasure.id),
    place: text("place").notNull(),
    reportedAt: timestamp("reported_at", { withTimezone: true, mode: "date", precision: 3 }).notNull(),
    snapshots: integer("snapshots").notNull(),
    reports: integer("reports").notNull(),
    copies: integer("copies").notNull(),
    /** Weeks that were not complete. Empty: the place is done. */
    waiting: text("waiting").array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.erasureId, t.place] })],
);
