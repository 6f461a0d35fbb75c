import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call.ts";
import type { Policy } from "../policy.ts";
import { refusal } from "../refusal.ts";

/** How much a server takes on at once. */
export interface AdmissionLimits {
  /** Calls whose handlers run. */
  readonly maxInFlight: number;
  /** Calls that wait for their turn. */
  readonly maxQueued: number;
  /** Streams that last as long as the client wishes (watches); they count apart. */
  readonly maxOpenEnded: number;
  /** Longest wait after the queue was empty within `maxWaitMs`: a burst. */
  readonly maxWaitMs: number;
  /** Longest wait in a queue that does not empty: overload. What is shed is shed early, what is served is served in time. */
  readonly overloadWaitMs: number;
  /** Time that handlers may take of one turn of the event loop before arrivals are looked at again. */
  readonly turnMs: number;
}

export const DEFAULT_ADMISSION: AdmissionLimits = {
  maxInFlight: 256,
  maxQueued: 1_024,
  maxOpenEnded: 1_024,
  maxWaitMs: 200,
  overloadWaitMs: 15,
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

/**
 * Lets calls in: at most `maxInFlight` at a time, the others wait in a bounded queue (first in, first out; a wait that grows too
 * long ends with RESOURCE_EXHAUSTED, after Nichols and Jacobson's controlled delay, ACM Queue 2012). In overload a call that would
 * wait too long is refused when its headers come, before anything is paid for it. Every call waits for one turn of the
 * event loop: a stream that was reset meanwhile costs no handler, and handlers that compute cannot keep arrivals from being shed.
 */
export function admissionPolicy(limits: AdmissionLimits = DEFAULT_ADMISSION): AdmissionPolicy {
  /** In order of arrival; a call that ends while it waits leaves. */
  const queue = new Map<Call, Wait>();
  const refuse = refusals();
  const pace = createPace();
  let inFlight = 0;
  let openEnded = 0;
  let shed = 0;
  let scheduled = false;
  let sweeping = false;
  let turns = 0;
  /** When, and after which turn, the queue was last empty. */
  let empty: Wait = { since: performance.now(), turn: 0 };

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
    let now = performance.now();
    turnAwayLate(now);
    const end = now + limits.turnMs;
    for (const call of queue.keys()) {
      if (inFlight >= limits.maxInFlight || now >= end) break;
      queue.delete(call);
      inFlight++;
      pace.count();
      call.holdsSlot = true;
      // Synchronous handlers run to their end inside `enter`, so the turn's time is theirs.
      call.enter();
      now = performance.now();
    }
    pace.measure(now);
    if (queue.size === 0) empty = { since: now, turn: turns };
    schedule();
  };

  const isOverloaded = (now: number): boolean =>
    now - empty.since > limits.maxWaitMs && turns - empty.turn > SEEN_TURNS;

  /** Ends the waits at the head of the queue that have lasted too long. */
  const turnAwayLate = (now: number): void => {
    const maxWaitMs = isOverloaded(now) ? limits.overloadWaitMs : limits.maxWaitMs;
    for (const [call, { since, turn }] of queue) {
      if (now - since <= maxWaitMs || turns - turn <= SEEN_TURNS) return;
      queue.delete(call);
      shed++;
      call.fail(refuse());
    }
  };

  /** While all slots are taken there is no turn to look at the queue in: a timer does. */
  const sweepLater = (): void => {
    if (sweeping) return;
    sweeping = true;
    setTimeout(() => {
      sweeping = false;
      if (!scheduled) {
        const now = performance.now();
        turns++;
        turnAwayLate(now);
        pace.measure(now);
      }
      if (queue.size > 0) sweepLater();
    }, limits.overloadWaitMs);
  };

  return {
    open({ bound }) {
      if (queue.size === 0 || bound.isProbe || bound.limits.openEnded || !isOverloaded(performance.now())) return;
      if (queue.size < pace.callsIn(limits.overloadWaitMs)) return;
      shed++;
      throw refuse();
    },
    admit(call) {
      if (call.bound.isProbe) return false;
      if (call.bound.limits.openEnded) {
        if (openEnded >= limits.maxOpenEnded) throw refuse();
        openEnded++;
        call.holdsSlot = true;
        return false;
      }
      const free = limits.maxInFlight - inFlight;
      if (queue.size >= free + limits.maxQueued) {
        shed++;
        throw refuse();
      }
      queue.set(call, { since: performance.now(), turn: turns });
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

const PACE_WINDOW_MS = 100;

/** How many calls the handlers take, while there are more than they can take: the length of a queue is its wait by Little's law. */
function createPace() {
  let counted = 0;
  let begun = performance.now();
  let perMs = Number.POSITIVE_INFINITY;
  return {
    count(): void {
      counted++;
    },
    measure(now: number): void {
      const windowMs = now - begun;
      if (windowMs < PACE_WINDOW_MS) return;
      // A window that is much longer was idle, or the process was stopped: it says nothing.
      if (windowMs < 2 * PACE_WINDOW_MS) perMs = counted / windowMs;
      counted = 0;
      begun = now;
    },
    /** At least 1. */
    callsIn: (ms: number): number => Math.max(1, perMs * ms),
  };
}

/** Refusals are made beforehand: they are many when time is short. They differ in when to come back, so that not all come back together. */
function refusals(): () => ConnectError {
  const errors = Array.from({ length: 16 }, (_, i) =>
    refusal(Code.ResourceExhausted, "OVERLOADED", "the server has more calls than it can answer in time", {
      retryAfterMs: 100 + i * 12.5,
    }),
  );
  let next = 0;
  return () => errors[next++ % errors.length] as ConnectError;
}
