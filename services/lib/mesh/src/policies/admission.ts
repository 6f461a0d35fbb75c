import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call/call.ts";
import type { Policy } from "../call/policy.ts";
import { rpcError } from "../errors/rpc-error.ts";

/** How much a server takes on at once. */
export interface AdmissionLimits {
  /** Calls whose handlers run. */
  readonly maxInFlight: number;
  /** Calls that wait for their turn. */
  readonly maxQueued: number;
  /** Streams that last as long as the client wishes (watches); they count apart. */
  readonly maxOpenEnded: number;
  /** Longest wait. A burst, or a process whose code is still cold, makes calls wait and loses none. */
  readonly maxWaitMs: number;
  /** So many may wait as a burst whatever the pace: a cold process finds itself slow, and is quick before they are late. */
  readonly burst: number;
  /** A queue that has not been empty for so long stands: overload, which ends when nothing was rejected for as long. */
  readonly overloadAfterMs: number;
  /** In overload only so many calls are taken on as will be served within this time; the others are rejected at once. */
  readonly overloadWaitMs: number;
  /** Time that handlers may take of one turn of the event loop before arrivals are looked at again. */
  readonly turnMs: number;
}

export const DEFAULT_ADMISSION: AdmissionLimits = {
  maxInFlight: 256,
  maxQueued: 512,
  maxOpenEnded: 1_024,
  maxWaitMs: 500,
  // Half of what one connection can ask at once: more would be late where calls are slow.
  burst: 128,
  overloadAfterMs: 1_000,
  overloadWaitMs: 50,
  turnMs: 5,
};

export interface AdmissionPolicy extends Policy {
  /** What it holds now, for metrics and tests. */
  load(): { readonly inFlight: number; readonly queued: number; readonly openEnded: number; readonly shed: number };
}

interface Wait {
  readonly since: number;
  /** Turns that the queue had had when the call came. */
  readonly turn: number;
}

/** A process that was stopped or flooded for a moment finds every wait long: nothing is too late before so many turns were tried. */
const SEEN_TURNS = 2;
const SWEEP_MS = 15;
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Lets calls in: at most `maxInFlight` at a time, the others wait in a bounded queue, first in, first out. A queue that stands is
 * told from a burst by the time since it was empty (Nichols and Jacobson's controlled delay, ACM Queue 2012). A call that would
 * wait too long is rejected when its headers come, before anything is paid for it; while the queue stands, that is soon. Every call waits for one turn of the
 * event loop: a stream that was reset meanwhile costs no handler, and handlers that compute cannot keep arrivals from being rejected.
 * `onOverload` is called when overload first has a call rejected.
 */
export function admissionPolicy(
  limits: AdmissionLimits = DEFAULT_ADMISSION,
  onOverload: () => void = () => {},
): AdmissionPolicy {
  /** In order of arrival; a call that ends while it waits leaves. */
  const queue = new Map<Call, Wait>();
  const reject = rejections();
  const pace = createPace();
  let inFlight = 0;
  let openEnded = 0;
  let shed = 0;
  let scheduled = false;
  let sweeping = false;
  let turns = 0;
  /** The call that found the queue empty last: when, and after which turn. */
  let first: Wait = { since: 0, turn: 0 };
  let lastRejection = NEVER;
  /** Since when the queue has not been emptied by a turn; undefined: the last one left nobody waiting. */
  let backlogSince: number | undefined;

  const schedule = (): void => {
    if (queue.size === 0) return;
    sweepLater();
    if (scheduled || inFlight >= limits.maxInFlight) return;
    scheduled = true;
    setImmediate(turn);
  };

  const turn = (): void => {
    scheduled = false;
    turns++;
    const start = performance.now();
    turnAwayLate(start);
    const end = start + limits.turnMs;
    let now = start;
    for (const call of queue.keys()) {
      if (inFlight >= limits.maxInFlight || now >= end) break;
      queue.delete(call);
      inFlight++;
      pace.count();
      call.holdsSlot = true;
      call.memory?.release(call);
      // Synchronous handlers run to their end inside `enter`, so the turn's time is theirs.
      call.enter();
      now = performance.now();
    }
    pace.spend(now - (backlogSince ?? start));
    backlogSince = queue.size > 0 ? now : undefined;
    schedule();
  };

  const isOlder = ({ since, turn }: Wait, ms: number, now: number): boolean =>
    now - since > ms && turns - turn > SEEN_TURNS;

  const isOverloaded = (now: number): boolean =>
    now - lastRejection < limits.overloadAfterMs || isOlder(first, limits.overloadAfterMs, now);

  /** Ends the waits at the head of the queue that have lasted too long. */
  const turnAwayLate = (now: number): void => {
    for (const [call, wait] of queue) {
      if (!isOlder(wait, limits.maxWaitMs, now)) return;
      queue.delete(call);
      shed++;
      call.fail(reject());
    }
  };

  /** While all slots are taken there is no turn to look at the queue in: a timer does. */
  const sweepLater = (): void => {
    if (sweeping) return;
    sweeping = true;
    setTimeout(() => {
      sweeping = false;
      if (!scheduled && queue.size > 0) {
        const now = performance.now();
        turns++;
        turnAwayLate(now);
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
      // Half of the longest wait, so that what is let in is served though the pace slackens.
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
        if (openEnded >= limits.maxOpenEnded) throw reject();
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
      const wait = { since: performance.now(), turn: turns };
      if (queue.size === 0) {
        first = wait;
        // What one burst found says nothing about the next.
        if (!isOverloaded(wait.since)) pace.forget();
        if (free <= 0) backlogSince = wait.since;
      }
      queue.set(call, wait);
      schedule();
      return true;
    },
    close(call) {
      if (!call.holdsSlot) {
        queue.delete(call);
        return;
      }
      call.holdsSlot = false;
      if (call.bound.limits.openEnded) openEnded--;
      else inFlight--;
      schedule();
    },
    load: () => ({ inFlight, queued: queue.size, openEnded, shed }),
  };
}

const PACE_WINDOW_MS = 50;

/**
 * How many calls go in per time while others wait: so a queue's length tells its wait (Little's law). While calls wait, all time
 * counts, what reading and rejecting take too; once a turn has emptied the queue, only the handlers' own. With idle time a server
 * that rejects would find itself slower and slower, and with the time of reading, a flood of frames would have honest calls rejected.
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
    /** One call has been let in. */
    count(): void {
      counted++;
    },
    /** Those let in since the last time took so long. */
    spend(ms: number): void {
      spentMs += ms;
      if (spentMs < PACE_WINDOW_MS) return;
      // In a time that is much longer the process was stopped.
      if (spentMs < 10 * PACE_WINDOW_MS) perMs = counted / spentMs;
      restart();
    },
    /** Until a window has passed, the pace is unknown and bounds nothing. */
    forget(): void {
      perMs = Number.POSITIVE_INFINITY;
      restart();
    },
    /** At least 1. */
    callsIn: (ms: number): number => Math.max(1, perMs * ms),
  };
}

/** Rejections are made beforehand: they are many when time is short. They differ in when to come back, so that not all come back together. */
function rejections(): () => ConnectError {
  const errors = Array.from({ length: 16 }, (_, i) =>
    rpcError(Code.ResourceExhausted, "OVERLOADED", "the server has more calls than it can answer in time", {
      retryAfterMs: 100 + i * 12.5,
    }),
  );
  let next = 0;
  return () => errors[next++ % errors.length] as ConnectError;
}
