import { integer, pgSchema, timestamp } from "@bellwether/postgres/drizzle/drizzle";
import { run } from "./schema.ts";

const bellwether = pgSchema("bellwether");

const when = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 6 });

/**
 * Runs whose scores are older than the retention. From `expired_at` on, no reader uses the scores; later their tables and the rows
 * of the histories are removed.
 */
export const expiredRun = bellwether.table("expired_run", {
  runId: integer("run_id")
    .primaryKey()
    .references(() => run.id),
  expiredAt: when("expired_at").notNull(),
  /** Null: the tables still exist, at least in part. */
  removedAt: when("removed_at"),
});
