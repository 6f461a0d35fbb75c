import { bigint, pgSchema, text, timestamp } from "@bellwether/postgres/drizzle/drizzle";
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
