import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { SQL } from "drizzle-orm";
import type { Alert } from "../../domain/alerts/alert.ts";
import { type NoticeEvent, notTakenEvent } from "../../domain/notices/notice-event.ts";
import type { Db } from "../database.ts";
import { alertFromColumns } from "./alert-columns.ts";

/** Maximum number of alerts that one call reports as not taken. */
const MAX_NOT_TAKEN = 200;

/** Writes events in the transaction of `db`. An event whose key is already stored is left out. */
export async function writeNoticeEvents(db: Db, events: readonly NoticeEvent[]): Promise<void> {
  const insert = noticeEventsSql(events);
  if (insert) await db.execute(insert);
}

/** Returns the statement of `writeNoticeEvents`. Undefined: there are no events. @param when condition for all of them */
export function noticeEventsSql(events: readonly NoticeEvent[], when = sql`true`): SQL | undefined {
  if (events.length === 0) return undefined;
  const keys = sql.param(events.map(({ key }) => key));
  const bodies = sql.param(events.map(({ key: _key, ...event }) => JSON.stringify(event)));
  return sql`
    insert into bellwether.notice_event (key, event)
    select key, body::jsonb from unnest(${keys}::text[], ${bodies}::text[]) with ordinality as e(key, body, place)
    where ${when} order by place on conflict (key) do nothing`;
}

/**
 * Records events about alerts that are open for longer than a time and that nobody has acknowledged, in the
 * transaction of `db`: once for each time that an alert was opened. Returns their number, at most 200.
 */
export async function reportNotTaken(
  db: Db,
  { afterMs, severities }: { readonly afterMs: number; readonly severities: readonly Alert["severity"][] },
  now: Date,
): Promise<number> {
  const before = new Date(now.getTime() - afterMs).toISOString();
  const ofSeverity =
    severities.length === 0 ? sql`true` : sql`a.severity::text = any(${sql.param([...severities])}::text[])`;
  const { rows } = await db.execute(sql`
    with late as (
      select a.id from bellwether.alert a
      where a.state = 'open' and a.raised_at <= ${before}::timestamptz and ${ofSeverity}
        and (a.snooze is null or a.snoozed_until <= ${now.toISOString()}::timestamptz)
        and not exists (
          select from bellwether.notice_escalation e where e.alert_id = a.id and e.raised_at = a.raised_at)
      limit ${MAX_NOT_TAKEN}
    ), recorded as (
      insert into bellwether.notice_escalation (alert_id, raised_at)
      select a.id, a.raised_at from bellwether.alert a join late on late.id = a.id
      on conflict (alert_id) do update set raised_at = excluded.raised_at
      returning alert_id
    )
    select a.* from bellwether.alert a join recorded on recorded.alert_id = a.id`);
  const alerts = rows.map(alertFromColumns);
  await writeNoticeEvents(
    db,
    alerts.map((alert) => notTakenEvent(alert, now)),
  );
  return alerts.length;
}
