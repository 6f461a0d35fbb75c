import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { WeekChange } from "../../domain/runs/week-report.ts";

/** Whether the action of an entry `e` was undone: the undo names the version that the action made. */
const UNDONE = sql`exists (select from bellwether.alert_event u
  where u.alert_id = e.alert_id and u.seen_version = e.version and u.kind = 'undone')`;

/**
 * For each change: the condition on the entries `e` of an alert's history that are this change. An action that was
 * undone is not a change.
 */
export const CHANGE_EVENTS: Readonly<Record<WeekChange, SQL>> = {
  raised: sql`e.kind in ('raised', 'reopened') and e.actor = 'rules'`,
  worse: sql`e.kind = 'escalated'`,
  better: sql`e.kind = 'deescalated'`,
  cleared: sql`e.kind = 'resolved' and e.actor = 'rules'`,
  snoozed: sql`e.kind = 'snoozed' and not ${UNDONE}`,
  resolved: sql`e.kind = 'resolved' and e.actor <> 'rules' and not ${UNDONE}`,
};

/** Whether the run of an entry `e` was voided, or superseded by a revision that changed the same alert. */
const WITHDRAWN = sql`exists (select from bellwether.run v where v.id = e.run_id and (v.state = 'voided'
  or v.state = 'superseded' and exists (select from bellwether.alert_event x where x.alert_id = e.alert_id
    and (x.run_id = v.superseded_by_run_id or x.kind = 'voided' and x.run_id = v.id))))`;

/**
 * Whether an entry `e` is of the week of the bounds `b`: by its run or, when it is not about a run, by its time. The
 * first comparisons use the index on the time.
 */
export const IN_WEEK = sql`e.occurred_at > b.since and e.occurred_at <= b.last
  and case when e.run_id is null then e.occurred_at <= b.until else e.run_id = any(b.runs) end and not ${WITHDRAWN}`;

/**
 * Returns the bounds of the changes of a model's week, as a table of one row: since, until, last and runs. They begin
 * after the previous complete week and end with this one or, for the latest week, do not end. A week with
 * several revisions ends with its first one (until); the rules can change alerts until its last one (last). The
 * table is empty when the model has no complete run of the week.
 * @param isoWeek empty: the latest complete week of the model
 */
export function weekBounds(modelName: string, isoWeek: string): SQL {
  const isOfModel = sql`model_name = ${modelName} and state = 'complete'`;
  const revisions = (of: SQL, week: SQL): SQL => sql`(
    select ${of} from bellwether.run v where v.model_name = ${modelName} and v.state in ('complete', 'superseded')
      and v.iso_week = ${week})`;
  return sql`(
    select coalesce((
        select ${revisions(sql`min(v.completed_at)`, sql`p.iso_week`)} from bellwether.run p
        where ${isOfModel} and p.iso_week < w.iso_week order by p.iso_week desc limit 1), '-infinity') as since,
      case when l.is_latest then 'infinity' else ${revisions(sql`min(v.completed_at)`, sql`w.iso_week`)} end as until,
      case when l.is_latest then 'infinity' else ${revisions(sql`max(v.completed_at)`, sql`w.iso_week`)} end as last,
      ${revisions(sql`array_agg(v.id)`, sql`w.iso_week`)} as runs
    from (
      select iso_week from bellwether.run where ${isOfModel} and (${isoWeek} = '' or iso_week = ${isoWeek})
      order by iso_week desc limit 1
    ) w cross join lateral (
      select not exists (select from bellwether.run l where ${isOfModel} and l.iso_week > w.iso_week) as is_latest
    ) l
  )`;
}
