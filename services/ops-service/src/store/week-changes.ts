import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { WeekChange } from "../domain/week-report.ts";

/** Whether the action of an entry `e` was undone: the undo names the version that the action made. */
const UNDONE = sql`exists (select from bellwether.alert_event u
  where u.alert_id = e.alert_id and u.seen_version = e.version and u.kind = 'undone')`;

/** The entries of an alert's history `e` that are each change. An action that was undone is none. */
export const CHANGE_EVENTS: Readonly<Record<WeekChange, SQL>> = {
  raised: sql`e.kind in ('raised', 'reopened') and e.actor = 'rules'`,
  worse: sql`e.kind = 'escalated'`,
  better: sql`e.kind = 'deescalated'`,
  cleared: sql`e.kind = 'resolved' and e.actor = 'rules'`,
  snoozed: sql`e.kind = 'snoozed' and not ${UNDONE}`,
  resolved: sql`e.kind = 'resolved' and e.actor <> 'rules' and not ${UNDONE}`,
};

/**
 * Returns the begin and the end of the changes of a model's week, as a table of one row with the columns since and
 * until: after the previous complete run, and up to the run of the week or, for the latest run, without an end. The
 * table is empty when the model has no complete run of the week.
 * @param isoWeek empty: the latest complete week of the model
 */
export function weekBounds(modelName: string, isoWeek: string): SQL {
  const isOfModel = sql`model_name = ${modelName} and state = 'complete'`;
  return sql`(
    select coalesce((
        select p.completed_at from bellwether.run p where ${isOfModel} and p.iso_week < w.iso_week
        order by p.iso_week desc limit 1), '-infinity') as since,
      case when exists (select from bellwether.run l where ${isOfModel} and l.iso_week > w.iso_week)
        then w.completed_at else 'infinity' end as until
    from (
      select iso_week, completed_at from bellwether.run where ${isOfModel} and (${isoWeek} = '' or iso_week = ${isoWeek})
      order by iso_week desc limit 1
    ) w
  )`;
}
