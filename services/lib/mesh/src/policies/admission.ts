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

interface Waiting {
  readonly call: Call;
  readonly since: number;
  /** Turns that the queue had had when the call came. */
  readonly turn: number;
}

/** A process that was stopped for a moment finds every wait long: none ends before so many turns were tried. */
const SEEN_TURNS = 2;

/**
 * Lets calls in: at most `maxInFlight` at a time, the others wait in a bounded queue (first in, first out; a wait that grows too
 * long ends with RESOURCE_EXHAUSTED, after Nichols and Jacobson's controlled delay, ACM Queue 2012). Every call waits for one turn of the
 * event loop: a stream that was reset meanwhile costs no handler, and handlers that compute cannot keep arrivals from being shed.
 */
export function admissionPolicy(limits: AdmissionLimits = DEFAULT_ADMISSION): AdmissionPolicy {
  const queue: Waiting[] = [];
  let inFlight = 0;
  let openEnded = 0;
  let shed = 0;
  let scheduled = false;
  let lastEmpty = performance.now();
  let turns = 0;

  let sweeping = false;

  const schedule = (): void => {
    if (queue.length === 0) return;
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
    // Synchronous handlers run to their end inside `enter`, so the turn's time is theirs.
    do {
      const next = inFlight < limits.maxInFlight ? queue.shift() : undefined;
      if (!next) break;
      if (next.call.closed) continue;
      inFlight++;
      next.call.holdsSlot = true;
      next.call.enter();
    } while (performance.now() < end);
    if (queue.length === 0) lastEmpty = performance.now();
    schedule();
  };

  /** Ends the waits at the head of the queue that have lasted too long, or whose client is gone. */
  const turnAwayLate = (now: number): void => {
    const maxWaitMs = now - lastEmpty <= limits.maxWaitMs ? limits.maxWaitMs : limits.overloadWaitMs;
    for (let first = queue[0]; first; first = queue[0]) {
      const late = now - first.since > maxWaitMs && turns - first.turn > SEEN_TURNS;
      if (!late && !first.call.closed) return;
      queue.shift();
      if (!late) continue;
      shed++;
      first.call.fail(overloaded());
    }
  };

  /** Handlers that wait for something else give no occasion to look at the queue: a timer does. */
  const sweepLater = (): void => {
    if (sweeping) return;
    sweeping = true;
    setTimeout(() => {
      sweeping = false;
      turns++;
      turnAwayLate(performance.now());
      if (queue.length > 0) sweepLater();
    }, limits.overloadWaitMs);
  };

  return {
    admit(call) {
      if (call.bound.isProbe) return false;
      if (call.bound.limits.openEnded) {
        if (openEnded >= limits.maxOpenEnded) throw overloaded();
        openEnded++;
        call.holdsSlot = true;
        return false;
      }
      const free = limits.maxInFlight - inFlight;
      if (queue.length >= free + limits.maxQueued) {
        shed++;
        throw overloaded();
      }
      queue.push({ call, since: performance.now(), turn: turns });
      schedule();
      return true;
    },
    close(call) {
      if (!call.holdsSlot) return;
      call.holdsSlot = false;
      if (call.bound.limits.openEnded) openEnded--;
      else inFlight--;
      schedule();
    },
    load: () => ({ inFlight, queued: queue.length, openEnded, shed }),
  };
}

function overloaded(): ConnectError {
  // Jitter, so that clients that are turned away together do not come back together.
  const retryAfterMs = 100 + Math.round(Math.random() * 200);
  return refusal(Code.ResourceExhausted, "OVERLOADED", "the server has more calls than it can answer in time", {
    retryAfterMs,
  });
}
