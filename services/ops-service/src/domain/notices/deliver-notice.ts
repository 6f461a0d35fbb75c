import { setTimeout as delay } from "node:timers/promises";
import type { DeliveryDecision } from "./delivery-retries.ts";
import type { DeliveryOutcome, Destination, Notice, SendNotice } from "./notice.ts";

/** A job of the queue: one attempt to deliver a notice. */
export interface NoticeJob {
  readonly noticeId: string;
  /** A job whose number is not the notice's present one does nothing: a later job has the notice. */
  readonly claim: number;
}

/** What one pass of the relay did. */
export interface RelayPass {
  /** Jobs to add to the queue, after the pass is stored. */
  readonly jobs: readonly NoticeJob[];
  /** Number of events that no route is for. */
  readonly unrouted: number;
  /** Number of items whose alerts were resolved before they were due. */
  readonly resolved: number;
  /** Number of items whose assignment was undone or changed, or whose alert somebody has taken, before they were due. */
  readonly changed: number;
  /** Whether more events wait than one pass takes. */
  readonly hasMore: boolean;
}

/** An attempt that has begun. */
export interface BegunAttempt {
  readonly notice: Notice;
  /** Name of the destination. */
  readonly destination: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Number of attempts with a result since the notice was created or replayed, with this one. */
  readonly tried: number;
}

/** An attempt with its result. */
export interface EndedAttempt {
  readonly job: NoticeJob;
  readonly begun: Pick<BegunAttempt, "attempt" | "tried" | "destination">;
  readonly outcome: DeliveryOutcome;
  readonly durationMs: number;
}

/** What waits for its delivery. Numbers count at most 10,001, which means more than 10,000. */
export interface OutboxFigures {
  /** Events that are not routed, items that are due, and notices without a final result. Items of later digests are not counted. */
  readonly waiting: number;
  /** Age of the oldest notice that waits, seconds. 0: none waits. */
  readonly oldestAgeS: number;
  readonly dead: number;
}

/** What an attempt to deliver a notice needs. */
export interface DeliveryPorts {
  /** Records the begin of an attempt. Undefined: there is nothing to deliver. */
  readonly beginAttempt: (job: NoticeJob) => Promise<BegunAttempt | undefined>;
  readonly send: SendNotice;
  /** Records the result, and disables a destination that wants no more notices. */
  readonly endAttempt: (ended: EndedAttempt) => Promise<DeliveryDecision>;
  readonly findDestination: (name: string) => Destination | undefined;
}

/** A delivered or failed attempt, for logs and metrics. */
export interface AttemptReport extends EndedAttempt {
  readonly decision: DeliveryDecision;
}

const RECORD_MS = 10_000;
const RECORD_AGAIN_MS = 500;

/** Texts of outcomes that do not come from a sender. */
const UNKNOWN = "the routes file has no destination of this name";
const STOPPED: DeliveryOutcome = { kind: "interrupted", reason: "the service was stopped" };
const FAILED = "the attempt failed with an error of the program; its log has the error";

/**
 * Makes one attempt to deliver a notice. Undefined: there was nothing to deliver. When the process is killed between
 * sending and recording, a later job sends the notice again, with the same id.
 */
export async function deliverNotice(
  job: NoticeJob,
  { beginAttempt, send, endAttempt, findDestination }: DeliveryPorts,
  { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): Promise<AttemptReport | undefined> {
  const begun = await beginAttempt(job);
  if (!begun) return undefined;
  const start = performance.now();
  const destination = findDestination(begun.destination);
  const outcome: DeliveryOutcome = destination
    ? await send(begun.notice, destination, signal).then(
        // A stop ends the connection: the receiver has not failed.
        (sent) => (signal.aborted && sent.kind === "retry" ? STOPPED : sent),
        (error: unknown) => {
          if (signal.aborted) return STOPPED;
          onError(error);
          return { kind: "retry", reason: FAILED };
        },
      )
    : { kind: "retry", reason: UNKNOWN };
  const ended = { job, begun, outcome, durationMs: performance.now() - start };
  return { ...ended, decision: await recorded(() => endAttempt(ended), signal) };
}

/**
 * Records a result, also when the database is away for a few seconds: a delivery that is not recorded is repeated.
 * @throws the last error
 */
async function recorded(record: () => Promise<DeliveryDecision>, signal: AbortSignal): Promise<DeliveryDecision> {
  for (const until = performance.now() + RECORD_MS; ; ) {
    try {
      return await record();
    } catch (error) {
      if (signal.aborted || performance.now() > until) throw error;
      await delay(RECORD_AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }
}
