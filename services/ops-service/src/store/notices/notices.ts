import { and, desc, eq, lt, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { OutboxFigures } from "../../domain/notices/deliver-notice.ts";
import type { NoticeState } from "../../domain/notices/delivery-retries.ts";
import type { DestinationState, NoticeQuery, NoticeWithLog, StoredNotice } from "../../domain/notices/stored-notice.ts";
import type { Db } from "../database.ts";
import { notice, noticeAttempt } from "../notice-schema.ts";

/** Lists notices, newest first. */
export function listNotices(
  db: Db,
  { state, destination, beforeId }: NoticeQuery,
  limit: number,
): Promise<StoredNotice[]> {
  const conditions = [
    state && eq(notice.state, state),
    destination === undefined ? undefined : eq(notice.destination, destination),
    beforeId === undefined ? undefined : lt(notice.id, beforeId),
  ];
  return db
    .select()
    .from(notice)
    .where(and(...conditions))
    .orderBy(desc(notice.id))
    .limit(limit);
}

/** Returns a notice with its attempts, the first one first, at most 200: the latest. */
export async function findNotice(db: Db, noticeId: string): Promise<NoticeWithLog | undefined> {
  const [found] = await db.select().from(notice).where(eq(notice.id, noticeId));
  if (!found) return undefined;
  const attempts = await db
    .select()
    .from(noticeAttempt)
    .where(eq(noticeAttempt.noticeId, noticeId))
    .orderBy(desc(noticeAttempt.attempt))
    .limit(MAX_ATTEMPTS_SHOWN);
  return { notice: found, attempts: attempts.toReversed() };
}

const MAX_ATTEMPTS_SHOWN = 200;

const MAX_COUNTED = 10_001;

/** Returns the states of destinations, in the order of their names in `names`. */
export async function listDestinationStates(db: Db, names: readonly string[]): Promise<readonly DestinationState[]> {
  const counted = (state: NoticeState) => sql`
    (select count(*)::int from (
      select from bellwether.notice n where n.destination = d.name and n.state = ${state} limit ${MAX_COUNTED}) c)`;
  const { rows } = await db.execute<{
    name: string;
    disabledAt: string | null;
    reason: string | null;
    waiting: number;
    dead: number;
    collected: number;
    nextDueAt: string | null;
    lastDeliveredAt: string | null;
  }>(sql`
    with item as (
      select destination, count(*) as items, min(due_at) as due_at from bellwether.notice_item
      where destination = any(${sql.param([...names])}::text[]) group by destination
    )
    select d.name, x.disabled_at as "disabledAt", x.reason, ${counted("waiting")} as waiting, ${counted("dead")} as dead,
      least(coalesce(i.items, 0), ${MAX_COUNTED})::int as collected,
      least(i.due_at, (select n.next_attempt_at from bellwether.notice n where n.destination = d.name and n.state = 'waiting'
        order by n.next_attempt_at limit 1)) as "nextDueAt",
      (select n.finished_at from bellwether.notice n where n.destination = d.name and n.state = 'delivered'
        order by n.id desc limit 1) as "lastDeliveredAt"
    from unnest(${sql.param([...names])}::text[]) with ordinality as d(name, place)
    left join bellwether.notice_destination x on x.name = d.name left join item i on i.destination = d.name
    order by d.place`);
  const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text));
  return rows.map(({ disabledAt, reason, nextDueAt, lastDeliveredAt, ...row }) => ({
    ...row,
    disabledAt: timeOf(disabledAt),
    reason: disabledAt === null ? "" : (reason ?? ""),
    nextDueAt: timeOf(nextDueAt),
    lastDeliveredAt: timeOf(lastDeliveredAt),
  }));
}

/** Reads what waits for its delivery. */
export async function readOutboxFigures(db: Db, now: Date): Promise<OutboxFigures> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const counted = (from: ReturnType<typeof sql>) =>
    sql`(select count(*)::int from (select from ${from} limit ${MAX_COUNTED}) c)`;
  const { rows } = await db.execute<{ waiting: number; oldest: string | null; dead: number }>(sql`
    select least(${MAX_COUNTED}, ${counted(sql`bellwether.notice_event`)}
        + ${counted(sql`bellwether.notice_item where due_at <= ${at}`)}
        + ${counted(sql`bellwether.notice where state = 'waiting'`)})::int as waiting,
      ${counted(sql`bellwether.notice where state = 'dead'`)} as dead,
      (select created_at from bellwether.notice where state = 'waiting' order by id limit 1) as oldest`);
  const [found] = rows;
  const oldest = found?.oldest ?? null;
  return {
    waiting: found?.waiting ?? 0,
    dead: found?.dead ?? 0,
    oldestAgeS: oldest === null ? 0 : Math.max(0, (now.getTime() - new Date(oldest).getTime()) / 1000),
  };
}

/** Rows that one call deletes or changes. */
const MAX_ROWS = 1_000;

/** Deletes delivered and dead notices that ended before a time, with their attempts. Returns their number, at most 1,000. */
export async function removeOldNotices(db: Db, before: Date): Promise<number> {
  const { rowCount } = await db.execute(sql`
    delete from bellwether.notice where id in (
      select id from bellwether.notice where state <> 'waiting' and finished_at < ${before.toISOString()}::timestamptz
      order by finished_at limit ${MAX_ROWS})`);
  return rowCount ?? 0;
}

/**
 * Ends notices that can no longer be delivered: notices that have waited since before a given time, and, an hour
 * after their creation, notices to destinations that are not in the routes file. Returns the number of ended notices
 * by destination.
 */
export async function endUndeliverable(
  db: Db,
  {
    names,
    createdBefore,
    now,
  }: { readonly names: readonly string[]; readonly createdBefore: Date; readonly now: Date },
): Promise<ReadonlyMap<string, number>> {
  // Another replica may have a newer routes file.
  const hourAgo = new Date(now.getTime() - 3_600_000).toISOString();
  const known = sql`n.destination = any(${sql.param([...names])}::text[])`;
  const { rows } = await db.execute<{ destination: string }>(sql`
    update bellwether.notice n set state = 'dead', finished_at = ${now.toISOString()}::timestamptz, claimed_until = null,
      reason = case when ${known} then 'waited too long; last attempt: ' || n.reason
        else 'the routes file has no destination of this name' end
    where n.id in (
      select n.id from bellwether.notice n
      where n.state = 'waiting' and (n.claimed_until is null or n.claimed_until < ${now.toISOString()}::timestamptz)
        and (n.created_at < ${createdBefore.toISOString()}::timestamptz
          or (not ${known} and n.created_at < ${hourAgo}::timestamptz))
      limit ${MAX_ROWS} for update skip locked)
    returning n.destination`);
  const counts = new Map<string, number>();
  for (const { destination } of rows) counts.set(destination, (counts.get(destination) ?? 0) + 1);
  return counts;
}
