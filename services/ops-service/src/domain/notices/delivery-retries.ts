import type { DeliveryOutcome } from "./notice.ts";

/**
 * "waiting": it is delivered at the next attempt. "dead": no attempt follows, until a person replays it. "left_out": it
 * is not sent, because there was nothing to say any more when it was due.
 */
export type NoticeState = "waiting" | "delivered" | "dead" | "left_out";

/** What follows an attempt. */
export interface DeliveryDecision {
  readonly state: NoticeState;
  /** Earliest time of the next attempt. */
  readonly nextAttemptAt: Date;
  /** One line about the last attempt. */
  readonly reason: string;
  /** Whether the destination gets no more notices until a person enables it. */
  readonly disables: boolean;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Delays after the attempts, about 22 hours together. After the last one a notice is dead. */
export const RETRY_DELAYS_MS: readonly number[] = [
  ...[5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS],
  ...[1 * HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 6 * HOUR_MS, 8 * HOUR_MS],
];
/** Failed attempts of a notice before it is dead. */
export const MAX_ATTEMPTS = RETRY_DELAYS_MS.length + 1;
/**
 * Attempts without a result, one after the other, before a notice is dead: their processes were killed or stopped. They
 * say nothing about the receiver, so they are not failed attempts. A notice that always kills its process ends too.
 */
export const MAX_UNFINISHED = 30;
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;
/** Part of a delay that is random, so that the notices of a receiver that was down do not arrive together. */
const JITTER = 0.2;

/**
 * Decides what follows an attempt.
 * @param tried Number of attempts with a result since the notice was created or replayed, this one included
 * @param random A number in [0, 1)
 */
export function decideDelivery(outcome: DeliveryOutcome, tried: number, now: Date, random: number): DeliveryDecision {
  const ended = { nextAttemptAt: now, disables: false };
  if (outcome.kind === "delivered") return { ...ended, state: "delivered", reason: outcome.detail };
  if (outcome.kind === "interrupted") return { ...ended, state: "waiting", reason: outcome.reason };
  if (outcome.kind === "gone") return { ...ended, state: "dead", reason: outcome.reason, disables: true };
  if (outcome.kind === "rejected") return { ...ended, state: "dead", reason: outcome.reason };
  const delayMs = RETRY_DELAYS_MS[tried - 1];
  if (delayMs === undefined)
    return { ...ended, state: "dead", reason: `${outcome.reason} (after ${tried} failed attempts)` };
  const waitMs = delayMs * (1 + JITTER * random);
  const askedMs = Math.min(Math.max(0, outcome.retryAfterMs ?? 0), MAX_RETRY_AFTER_MS);
  const nextAttemptAt = new Date(now.getTime() + Math.round(Math.max(waitMs, askedMs)));
  return { state: "waiting", nextAttemptAt, reason: outcome.reason, disables: false };
}
