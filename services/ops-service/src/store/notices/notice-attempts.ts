import { and, eq, sql } from "@bellwether/postgres/drizzle/drizzle";
import type { BegunAttempt, EndedAttempt, NoticeJob } from "../../domain/notices/deliver-notice.ts";
import { type DeliveryDecision, decideDelivery, MAX_UNFINISHED } from "../../domain/notices/delivery-retries.ts";
import type { Notice } from "../../domain/notices/notice.ts";
import { appendEvents } from "../audit/audit-events.ts";
import type { Db, InTransaction } from "../database.ts";
import { notice, noticeAttempt, noticeDestination } from "../notice-schema.ts";

export interface AttemptOptions {
  readonly now: () => Date;
  /** Name of this process in the delivery log. */
  readonly worker: string;
  /** Time for which the attempt has the notice, milliseconds. */
  readonly claimMs: number;
  /** Called after a notice without a result in all its attempts has become dead. */
  readonly onDead: (dead: DeadNotice) => void;
}

/** A notice that became dead, with the number of its last attempt. */
export interface DeadNotice {
  readonly notice: string;
  readonly destination: string;
  readonly attempt: number;
  readonly reason: string;
}

/**
 * Begins an attempt and records it in the delivery log. Undefined: there is nothing to deliver, because the notice
 * has ended, or a later job has it.
 */
export async function beginAttempt(
  inTransaction: InTransaction,
  { noticeId, claim }: NoticeJob,
  { now, worker, claimMs, onDead }: AttemptOptions,
): Promise<BegunAttempt | undefined> {
  const { begun, dead } = await inTransaction<{ begun?: BegunAttempt; dead?: DeadNotice }>(async ({ db }) => {
    const condition = and(eq(notice.id, noticeId), eq(notice.claim, claim), eq(notice.state, "waiting"));
    const [row] = await db.select().from(notice).where(condition).for("update");
    if (!row) return {};
    const at = now();
    const { ended, unfinished } = await countAttempts(db, noticeId, row.attempts - row.tried);
    if (unfinished >= MAX_UNFINISHED) {
      const reason = `no result in ${unfinished} attempts: their processes ended`;
      await db
        .update(notice)
        .set({ state: "dead", reason, finishedAt: at, claimedUntil: null })
        .where(eq(notice.id, noticeId));
      return { dead: { notice: noticeId, destination: row.destination, attempt: row.attempts, reason } };
    }
    const attempt = row.attempts + 1;
    const claimedUntil = new Date(at.getTime() + claimMs);
    await db
      .update(notice)
      .set({ attempts: attempt, tried: row.tried + 1, claimedUntil })
      .where(eq(notice.id, noticeId));
    await db.insert(noticeAttempt).values({ noticeId, attempt, startedAt: at, worker });
    return { begun: { notice: noticeFromRow(row), destination: row.destination, attempt, tried: ended + 1 } };
  });
  if (dead) onDead(dead);
  return begun;
}

/**
 * Counts the attempts of a notice after the attempt `since`: those with a result, and those without one since the latest
 * result.
 */
async function countAttempts(
  db: Db,
  noticeId: string,
  since: number,
): Promise<{ readonly ended: number; readonly unfinished: number }> {
  const { rows } = await db.execute<{ ended: number; unfinished: number }>(sql`
    select (count(*) filter (where a.outcome is not null))::int as ended,
      (count(*) filter (where a.attempt > coalesce(l.latest, 0)))::int as unfinished
    from bellwether.notice_attempt a cross join (
      select max(attempt) as latest from bellwether.notice_attempt
      where notice_id = ${noticeId}::uuid and outcome is not null) l
    where a.notice_id = ${noticeId}::uuid and a.attempt > ${since}::int`);
  return rows[0] ?? { ended: 0, unfinished: 0 };
}

type NoticeRow = typeof notice.$inferSelect;

function noticeFromRow({ id, kind, createdAt, recipient, items, droppedItems, pageUrl }: NoticeRow): Notice {
  return { noticeId: id, kind, createdAt, recipient, items, droppedItems, pageUrl };
}

/** Maximum length of a text in the delivery log. */
const MAX_DETAIL = 300;

/**
 * Records the result of an attempt, and disables the destination if it wants no more notices. A delivery is recorded
 * even if another job has taken over the notice in the meantime.
 */
export function endAttempt(
  inTransaction: InTransaction,
  { job, begun, outcome, durationMs }: EndedAttempt,
  { now, newId, random }: { readonly now: () => Date; readonly newId: () => string; readonly random: () => number },
): Promise<DeliveryDecision> {
  const { noticeId, claim } = job;
  return inTransaction(async ({ db }) => {
    const at = now();
    const decision = decideDelivery(outcome, begun.tried, at, random());
    const detail = (outcome.kind === "delivered" ? outcome.detail : outcome.reason).slice(0, MAX_DETAIL);
    await db
      .update(noticeAttempt)
      .set({
        ...(outcome.kind !== "interrupted" && { outcome: outcome.kind }),
        ...{ detail, durationMs: Math.round(durationMs) },
      })
      .where(and(eq(noticeAttempt.noticeId, noticeId), eq(noticeAttempt.attempt, begun.attempt)));
    const isOver = decision.state !== "waiting";
    await db
      .update(notice)
      .set({
        ...{ state: decision.state, reason: decision.reason.slice(0, MAX_DETAIL), claimedUntil: null },
        ...{ nextAttemptAt: decision.nextAttemptAt, finishedAt: isOver ? at : null },
      })
      .where(
        and(
          eq(notice.id, noticeId),
          eq(notice.state, "waiting"),
          outcome.kind === "delivered" ? undefined : eq(notice.claim, claim),
        ),
      );
    if (decision.disables) await disable(db, begun.destination, detail, { at, newId });
    return decision;
  });
}

async function disable(
  db: Db,
  name: string,
  reason: string,
  { at, newId }: { readonly at: Date; readonly newId: () => string },
): Promise<void> {
  const disabled = { disabledAt: at, reason };
  const { rowCount } = await db
    .insert(noticeDestination)
    .values({ name, ...disabled })
    .onConflictDoUpdate({
      target: noticeDestination.name,
      set: disabled,
      setWhere: sql`${noticeDestination.disabledAt} is null`,
    });
  if (rowCount === 0) return;
  const us = BigInt(at.getTime()) * 1000n;
  const event = {
    kind: "destination.disabled",
    actor: "ops-service",
    subject: name,
    payload: JSON.stringify({ reason }),
  };
  await appendEvents(db, [{ ...event, eventId: newId(), occurredUs: us }], us);
}
