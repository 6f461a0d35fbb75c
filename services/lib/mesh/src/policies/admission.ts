import { Code, type ConnectError } from "@connectrpc/connect";
import { ArrivalList } from "../call/arrival-list.ts";
import type { Call, WaitingCall } from "../call/call.ts";
import { createCallerShares, shareOf } from "../call/caller-share.ts";
import type { Policy } from "../call/policy.ts";
import { rpcError } from "../errors/rpc-error.ts";
import { sharedError } from "../errors/shared-error.ts";

/** Limits on the calls that a server accepts at the same time. */
export interface AdmissionLimits {
  /** Maximum number of calls whose handlers run at the same time. */
  readonly maxInFlight: number;
  /** Maximum number of calls that wait for a slot. */
  readonly maxQueued: number;
  /** Maximum number of open-ended streams (watches), which are counted separately. One caller may have three quarters. */
  readonly maxOpenEnded: number;
  /**
   * Maximum time that a call waits for a slot. During a burst, or while the process's code is not compiled
   * yet, calls wait instead of being rejected.
   */
  readonly maxWaitMs: number;
  /**
   * Number of calls that may wait whatever the measured pace is: a process that has just started measures a
   * slow pace, but becomes fast before these calls are late.
   */
  readonly burst: number;
  /**
   * A queue that has not been empty for this time means overload. Overload ends when no call was rejected for
   * the same time.
   */
  readonly overloadAfterMs: number;
  /**
   * During overload a call is accepted only if it will be served within this time; the others are rejected at
   * once.
   */
  readonly overloadWaitMs: number;
  /**
   * Maximum time for which handlers run in one iteration of the event loop before newly arrived calls are
   * read.
   */
  readonly turnMs: number;
}

export const DEFAULT_ADMISSION: AdmissionLimits = {
  maxInFlight: 256,
  maxQueued: 512,
  maxOpenEnded: 1_024,
  maxWaitMs: 500,
  // Half of the calls that one connection can have open: with slow handlers, more would be late.
  burst: 128,
  overloadAfterMs: 1_000,
  overloadWaitMs: 50,
  turnMs: 5,
};

export interface AdmissionPolicy extends Policy {
  /** Returns the current load, for metrics and tests. */
  load(): { readonly inFlight: number; readonly queued: number; readonly openEnded: number; readonly shed: number };
}

/**
 * How many times the queue must have been processed during a call's wait before the call can count as late:
 * after the process was stopped or flooded, every measured wait is long.
 */
const MIN_TURNS_WAITED = 2;
const SWEEP_MS = 15;
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Admits at most `maxInFlight` calls at a time; the others wait in a bounded queue, first in, first out. The
 * time since the queue was last empty distinguishes overload from a burst (controlled delay: Nichols and
 * Jacobson, ACM Queue 2012). A call that would wait too long is rejected when its headers arrive, before it
 * costs anything else; during overload, the accepted wait is short. Every call waits for the next iteration
 * of the event loop: a stream that was reset by then runs no handler, and handlers that compute cannot delay
 * rejections. `onOverload` is called when overload causes the first rejection.
 */
export function admissionPolicy(
  limits: AdmissionLimits = DEFAULT_ADMISSION,
  onOverload: () => void = () => {},
): AdmissionPolicy {
  /** A call that ends while it waits is removed. */
  const queue = new ArrivalList<WaitingCall>();
  const reject = rejections();
  const pace = createPace();
  let inFlight = 0;
  const shares = createCallerShares(limits.maxOpenEnded);
  const places = new WeakMap<Call, () => void>();
  let openEnded = 0;
  let shed = 0;
  let scheduled = false;
  let sweeping = false;
  let turns = 0;
  /**
   * Time of the last arrival of a call at an empty queue, and how many times the queue had been processed by
   * then.
   */
  let first: Pick<WaitingCall, "since" | "turn"> = { since: 0, turn: 0 };
  let lastRejection = NEVER;
  /**
   * Time since which the queue has not been empty after it was processed; undefined: it was empty the last
   * time.
   */
  let backlogSince: number | undefined;

  const schedule = (): void => {
    if (queue.size === 0) return;
    sweepLater();
    if (scheduled || inFlight >= limits.maxInFlight) return;
    scheduled = true;
    setImmediate(turn);
  };

  const leave = ({ waiting }: Call): void => {
    if (waiting) queue.remove(waiting);
  };

  const turn = (): void => {
    scheduled = false;
    turns++;
    const start = performance.now();
    rejectLate(start);
    const end = start + limits.turnMs;
    let now = start;
    for (let next = queue.first(); next !== undefined; next = queue.first()) {
      if (inFlight >= limits.maxInFlight || now >= end) break;
      const { call } = next;
      leave(call);
      inFlight++;
      pace.count();
      call.holdsSlot = true;
      call.memory?.release(call);
      // A synchronous handler runs to its end inside `enter`, so its time counts here.
      call.enter();
      now = performance.now();
    }
    pace.spend(now - (backlogSince ?? start));
    backlogSince = queue.size > 0 ? now : undefined;
    schedule();
  };

  const isOlder = ({ since, turn }: typeof first, ms: number, now: number): boolean =>
    now - since > ms && turns - turn > MIN_TURNS_WAITED;

  const isOverloaded = (now: number): boolean =>
    now - lastRejection < limits.overloadAfterMs || isOlder(first, limits.overloadAfterMs, now);

  /** Rejects the calls at the head of the queue that have waited too long. */
  const rejectLate = (now: number): void => {
    for (let next = queue.first(); next !== undefined; next = queue.first()) {
      if (!isOlder(next, limits.maxWaitMs, now)) return;
      leave(next.call);
      shed++;
      next.call.fail(reject());
    }
  };

  /** Checks the queue by a timer, because the queue is not processed while all slots are taken. */
  const sweepLater = (): void => {
    if (sweeping) return;
    sweeping = true;
    setTimeout(() => {
      sweeping = false;
      if (!scheduled && queue.size > 0) {
        const now = performance.now();
        turns++;
        rejectLate(now);
        pace.spend(now - (backlogSince ?? now));
        backlogSince = now;
      }
      if (queue.size > 0) sweepLater();
    }, SWEEP_MS);
  };

  return {
    open({ bound, startedAt: now }) {
      if (queue.size === 0 || bound.isProbe || bound.limits.openEnded) return;
      const overloaded = isOverloaded(now);
      // Half of the longest wait, so that accepted calls are served even when the pace drops.
      const takesOn = overloaded
        ? pace.callsIn(limits.overloadWaitMs)
        : Math.max(limits.burst, pace.callsIn(limits.maxWaitMs / 2));
      if (queue.size < takesOn) return;
      if (overloaded) {
        if (lastRejection === NEVER) onOverload();
        lastRejection = now;
      }
      shed++;
      throw reject();
    },
    admit(call) {
      if (call.bound.isProbe) {
        call.memory?.release(call);
        return false;
      }
      if (call.bound.limits.openEnded) {
        if (openEnded >= limits.maxOpenEnded) throw tooManyWatches(`${openEnded} watches are open at this server`);
        const leave = shares.take(shareOf(call));
        if (!leave) throw tooManyWatches(`${shares.share} watches of this caller are open at this server`);
        places.set(call, leave);
        openEnded++;
        call.holdsSlot = true;
        call.memory?.release(call);
        return false;
      }
      const free = limits.maxInFlight - inFlight;
      if (queue.size >= free + limits.maxQueued) {
        shed++;
        throw reject();
      }
      const wait = { call, since: performance.now(), turn: turns };
      if (queue.size === 0) {
        first = wait;
        // The pace of one burst does not predict the next.
        if (!isOverloaded(wait.since)) pace.forget();
        if (free <= 0) backlogSince = wait.since;
      }
      call.waiting = queue.add(wait);
      schedule();
      return true;
    },
    close(call) {
      if (!call.holdsSlot) {
        leave(call);
        return;
      }
      call.holdsSlot = false;
      if (call.bound.limits.openEnded) {
        openEnded--;
        places.get(call)?.();
      } else inFlight--;
      schedule();
    },
    load: () => ({ inFlight, queued: queue.size, openEnded, shed }),
  };
}

const PACE_WINDOW_MS = 50;

/**
 * Measures the pace: calls admitted per millisecond while calls wait. The length of a queue divided by the
 * pace is its wait (Little's law). While calls wait, all time counts, including time for reading and
 * rejecting. When the queue is empty after it was processed, only the time of handlers counts. If idle time
 * counted, a server that rejects would measure an ever slower pace; if the time for reading counted, a flood
 * of frames would cause honest calls to be rejected.
 */
function createPace() {
  let counted = 0;
  let spentMs = 0;
  let perMs = Number.POSITIVE_INFINITY;
  const restart = (): void => {
    counted = 0;
    spentMs = 0;
  };
  return {
    /** Counts one admitted call. */
    count(): void {
      counted++;
    },
    /** Adds the time that the calls counted since the last `spend` took. */
    spend(ms: number): void {
      spentMs += ms;
      if (spentMs < PACE_WINDOW_MS) return;
      // A much longer time means that the process was stopped.
      if (spentMs < 10 * PACE_WINDOW_MS) perMs = counted / spentMs;
      restart();
    },
    /** Forgets the pace. Until a window has passed, the pace is unknown and bounds nothing. */
    forget(): void {
      perMs = Number.POSITIVE_INFINITY;
      restart();
    },
    /** Calls admitted in `ms` at the current pace, at least 1. */
    callsIn: (ms: number): number => Math.max(1, perMs * ms),
  };
}

const WATCH_RETRY_MS = 5_000;

const tooManyWatches = (text: string): ConnectError =>
  rpcError(Code.ResourceExhausted, "TOO_MANY_WATCHES", `${text}: end some, or try again later`, {
    retryAfterMs: WATCH_RETRY_MS,
  });

/**
 * Each error is created once, because an overloaded server needs many. Their retry times differ, so that clients do not
 * all retry together.
 */
function rejections(): () => ConnectError {
  const errors = Array.from({ length: 16 }, (_, i) =>
    sharedError(() =>
      rpcError(Code.ResourceExhausted, "OVERLOADED", "the server has more calls than it can answer in time", {
        retryAfterMs: 100 + i * 12.5,
      }),
    ),
  );
  let next = 0;
  return () => (errors[next++ % errors.length] as () => ConnectError)();
}
