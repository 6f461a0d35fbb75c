import type { NoticeRoutes } from "@bellwether/config/notice-routes";
import { UUID_PATTERN } from "@bellwether/contract/uuid";
import { sql } from "@bellwether/postgres/drizzle/drizzle";
import type { NoticeJob, RelayPass } from "../../domain/notices/deliver-notice.ts";
import { type DueItem, gatherNotices } from "../../domain/notices/gather-notices.ts";
import type { NoticeItem, NoticeKind } from "../../domain/notices/notice.ts";
import type { NoticeEvent } from "../../domain/notices/notice-event.ts";
import { alertsPage, createNoticeItem } from "../../domain/notices/notice-item.ts";
import { leftOutText, type PresentAlert, presentItem } from "../../domain/notices/present-item.ts";
import { isQuietAt } from "../../domain/notices/quiet-hours.ts";
import { routeNotice } from "../../domain/notices/route-notice.ts";
import { reportNotTaken } from "../alerts/notice-outbox.ts";
import type { Db, InTransaction } from "../database.ts";
import { readDeputies } from "../delegations/delegations.ts";
import { notice, noticeItem } from "../notice-schema.ts";
import { readNoticeFacts } from "./notice-facts.ts";
import { readWatchers } from "./watchers.ts";

export interface RelayOptions {
  readonly routes: NoticeRoutes;
  /** URL of the page, with a slash at the end. Null: not known. */
  readonly publicUrl: string | null;
  readonly now: () => Date;
  readonly newNoticeId: (now: Date) => string;
  /** Time for which a job has a notice before another job may take it, milliseconds. */
  readonly claimMs: number;
  /** Maximum number of notices of one destination that have a job. */
  readonly perDestination: number;
}

/** Class of the advisory lock that lets one replica relay at a time. */
const RELAY_LOCK = 0x6e6f7469;
const EVENTS_PER_READ = 500;
/** Events that one pass routes: those of a run with more alerts are put into several notices. */
const MAX_EVENTS = 10_000;
const MAX_ITEMS_PER_PASS = 20_000;
const ROWS_PER_STATEMENT = 1_000;

/**
 * Moves the outbox forward in one transaction: events become items of destinations, items that are due become
 * notices, and notices that are due get a job. Undefined: another replica is doing it.
 * @param claims whether notices get jobs; false while the queue is not open
 */
export function relayNotices(
  inTransaction: InTransaction,
  options: RelayOptions,
  claims: boolean,
): Promise<RelayPass | undefined> {
  const { routes, now } = options;
  return inTransaction(async ({ db }) => {
    const { rows } = await db.execute<{ locked: boolean }>(
      sql`select pg_try_advisory_xact_lock(${RELAY_LOCK}::int, 0) as locked`,
    );
    if (!rows[0]?.locked) return undefined;
    const at = now();
    if (routes.escalation) await reportNotTaken(db, routes.escalation, at);
    let events = 0;
    let unrouted = 0;
    let hasMore = true;
    while (hasMore && events < MAX_EVENTS) {
      const taken = await takeEvents(db);
      unrouted += await routeEvents(db, taken, options, at);
      events += taken.length;
      hasMore = taken.length === EVENTS_PER_READ;
    }
    const leftOut = await createNotices(db, options, at);
    return { jobs: claims ? await claimNotices(db, options, at) : [], unrouted, ...leftOut, hasMore };
  });
}

/** An event as JSON. */
type StoredEvent = Omit<NoticeEvent, "key" | "occurredAt"> & { readonly occurredAt: string };

async function takeEvents(db: Db): Promise<readonly NoticeEvent[]> {
  const { rows } = await db.execute<{ id: string; key: string; event: StoredEvent }>(sql`
    delete from bellwether.notice_event where id in (
      select id from bellwether.notice_event order by id limit ${EVENTS_PER_READ} for update skip locked)
    returning id, key, event`);
  return rows
    .toSorted((a, b) => Number(a.id) - Number(b.id))
    .map(({ key, event }) => ({ ...event, key, occurredAt: new Date(event.occurredAt) }));
}

/** Stores the items of events. Returns the number of events that no route is for. */
async function routeEvents(db: Db, events: readonly NoticeEvent[], options: RelayOptions, now: Date): Promise<number> {
  if (events.length === 0) return 0;
  const { routes, publicUrl } = options;
  const facts = await readNoticeFacts(db, events);
  const deputies = await readDeputies(db, now);
  const watchersOf = await readWatchers(db, events, routes, now);
  let unrouted = 0;
  const rows = events.flatMap((event) => {
    const [supplier, run] = [facts.supplierOf(event), facts.runOf(event)];
    const watchers = supplier ? watchersOf(event, supplier) : [];
    const routed = supplier && run ? routeNotice(event, supplier, routes, { deputies, watchers }, now) : [];
    if (!supplier || !run || routed.length === 0) {
      unrouted++;
      return [];
    }
    const item = createNoticeItem(event, supplier, run, { reasons: facts.reasonsOf(event), publicUrl });
    return routed.map((one) => ({ ...one, item }));
  });
  for (let i = 0; i < rows.length; i += ROWS_PER_STATEMENT)
    await db.insert(noticeItem).values(rows.slice(i, i + ROWS_PER_STATEMENT));
  return unrouted;
}

/**
 * Puts the items that are due into notices, with the owner and the name of now: an item can be older than its alerts, by
 * quiet hours or a digest. Items about which there is nothing to say any more are left out and counted; a notice of which
 * nothing remains is stored as left out. Later attempts repeat what is stored here.
 */
async function createNotices(
  db: Db,
  { routes, publicUrl, newNoticeId }: RelayOptions,
  now: Date,
): Promise<Pick<RelayPass, "resolved" | "changed">> {
  const { rows } = await db.execute<{
    id: string;
    destination: string;
    kind: NoticeKind;
    recipient: string;
    item: NoticeItem;
  }>(sql`
    delete from bellwether.notice_item where id in (
      select id from bellwether.notice_item where due_at <= ${now.toISOString()}::timestamptz
      order by due_at, id limit ${MAX_ITEMS_PER_PASS})
    returning id, destination, kind, recipient, item`);
  const alerts = await readPresentAlerts(
    db,
    rows.flatMap(({ item }) => item.alertIds),
  );
  const sorted: readonly DueItem[] = rows.toSorted((a, b) => Number(a.id) - Number(b.id));
  const present = sorted.map((one) => ({ one, now: presentItem(one.item, alerts) }));
  const due = present.flatMap(({ one, now: found }) => ("item" in found ? [{ ...one, item: found.item }] : []));
  const over = present.flatMap(({ one, now: found }) => ("leftOut" in found ? [{ one, reason: found.leftOut }] : []));
  const channels = new Map(routes.destinations.map(({ name, channel }) => [name, channel]));
  const isComplete = (name: string): boolean => channels.get(name) === "webhook";
  const sent = new Set(due.map(groupOf));
  const nothingLeft = over.filter(({ one }) => !sent.has(groupOf(one)));
  const reasons = Map.groupBy(nothingLeft, ({ one }) => groupOf(one));
  const leftOut = gatherNotices(
    nothingLeft.map(({ one }) => one),
    isComplete,
  ).map((one) => {
    const reason = leftOutText((reasons.get(groupOf(one)) ?? []).map((of) => of.reason));
    return { ...one, state: "left_out", reason, finishedAt: now } as const;
  });
  const made = [...gatherNotices(due, isComplete), ...leftOut];
  const pageUrl = alertsPage(publicUrl);
  for (let i = 0; i < made.length; i += ROWS_PER_STATEMENT)
    await db.insert(notice).values(
      made.slice(i, i + ROWS_PER_STATEMENT).map((one) => ({
        ...one,
        id: newNoticeId(now),
        channel: channels.get(one.destination) ?? "webhook",
        pageUrl,
        createdAt: now,
        nextAttemptAt: now,
      })),
    );
  const resolved = over.filter(({ reason }) => reason === "resolved").length;
  return { resolved, changed: over.length - resolved };
}

/** Items of the same group are sent together. */
const groupOf = ({ destination, kind, recipient }: Pick<DueItem, "destination" | "kind" | "recipient">): string =>
  JSON.stringify([destination, kind, recipient]);

/** Returns the alerts of these ids as they are now. */
async function readPresentAlerts(db: Db, alertIds: readonly string[]): Promise<ReadonlyMap<string, PresentAlert>> {
  const ids = [...new Set(alertIds)].filter((id) => UUID_PATTERN.test(id));
  if (ids.length === 0) return new Map();
  const { rows } = await db.execute<PresentAlert & { readonly id: string } & Record<string, unknown>>(sql`
    select a.id, a.state, a.severity, a.owner, u.name as "supplierName", u.owner as "supplierOwner"
    from bellwether.alert a join bellwether.supplier u on u.id = a.supplier_id
    where a.id = any(${sql.param(ids)}::uuid[])`);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Claims notices that are due, of each destination only so many that at most `perDestination` have a job: a slow
 * destination then does not delay the others. Notices of disabled destinations wait, and those of destinations in their
 * quiet hours, except tests: a person waits for their result.
 */
async function claimNotices(
  db: Db,
  { routes, claimMs, perDestination }: RelayOptions,
  now: Date,
): Promise<readonly NoticeJob[]> {
  const names = sql.param(routes.destinations.map(({ name }) => name));
  const quiet = sql.param(routes.destinations.map((destination) => isQuietAt(destination, now)));
  const at = sql`${now.toISOString()}::timestamptz`;
  const until = new Date(now.getTime() + claimMs).toISOString();
  const { rows } = await db.execute<{ noticeId: string; claim: number }>(sql`
    with chosen as (
      select ready.id from unnest(${names}::text[], ${quiet}::boolean[]) as d(name, quiet)
      cross join lateral (
        select n.id from bellwether.notice n
        where n.destination = d.name and n.state = 'waiting' and n.next_attempt_at <= ${at}
          and (n.claimed_until is null or n.claimed_until <= ${at}) and (not d.quiet or n.kind = 'test')
        order by n.next_attempt_at, n.id
        limit greatest(0, ${perDestination}::int - (
          select count(*)::int from bellwether.notice b
          where b.destination = d.name and b.state = 'waiting' and b.claimed_until > ${at}))
      ) ready
      where not exists (
        select from bellwether.notice_destination x where x.name = d.name and x.disabled_at is not null)
    )
    update bellwether.notice n set claim = n.claim + 1, claimed_until = ${until}::timestamptz
    from chosen where n.id = chosen.id
    returning n.id as "noticeId", n.claim`);
  return rows;
}

/** Gives back the claims of jobs that could not be added to the queue. */
export async function releaseNotices(db: Db, jobs: readonly NoticeJob[]): Promise<void> {
  const ids = sql.param(jobs.map(({ noticeId }) => noticeId));
  const claims = sql.param(jobs.map(({ claim }) => claim));
  await db.execute(sql`
    update bellwether.notice n set claimed_until = null
    from unnest(${ids}::uuid[], ${claims}::int[]) as j(id, claim) where n.id = j.id and n.claim = j.claim`);
}
