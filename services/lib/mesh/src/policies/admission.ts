import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call.ts";
import { callLimits } from "../call-limits.ts";
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
  maxWaitMs: 100,
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
  readonly enter: () => void;
  readonly refuse: (error: ConnectError) => void;
}

/** A process that was stopped for a moment finds every wait long: none ends before so many turns were tried. */
const SEEN_TURNS = 2;

/** Probes and reflection answer whatever the load is. */
const EXEMPT = /^grpc\.(health|reflection)\./;

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
  let turnEnd = 0;
  let lastEmpty = performance.now();
  let turns = 0;

  let sweeping = false;

  const schedule = (): void => {
    if (queue.length === 0) return;
    sweepLater();
    if (scheduled || inFlight >= limits.maxInFlight) return;
    scheduled = true;
    setImmediate(() => {
      turns++;
      turnEnd = performance.now() + limits.turnMs;
      step();
    });
  };

  // One call per microtask: its handler runs between two steps, so the turn's time is the handlers' time.
  const step = (): void => {
    const now = performance.now();
    if (now < turnEnd) turnAwayLate(now);
    const next = inFlight < limits.maxInFlight && now < turnEnd ? queue.shift() : undefined;
    if (queue.length === 0) lastEmpty = now;
    if (!next) {
      scheduled = false;
      schedule();
      return;
    }
    inFlight++;
    next.call.holdsSlot = true;
    next.enter();
    queueMicrotask(step);
  };

  /** Ends the waits at the head of the queue that have lasted too long, or whose client is gone. */
  const turnAwayLate = (now: number): void => {
    const maxWaitMs = now - lastEmpty <= limits.maxWaitMs ? limits.maxWaitMs : limits.overloadWaitMs;
    for (let first = queue[0]; first; first = queue[0]) {
      const late = now - first.since > maxWaitMs && turns - first.turn > SEEN_TURNS;
      if (!late && !first.call.closed) return;
      queue.shift();
      if (late) shed++;
      first.refuse(late ? overloaded() : refusal(Code.Canceled, "CANCELED", "canceled"));
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
      if (EXEMPT.test(call.method.parent.typeName)) return;
      if (isOpenEnded(call.method)) {
        if (openEnded >= limits.maxOpenEnded) throw overloaded();
        openEnded++;
        call.holdsSlot = true;
        return;
      }
      const free = limits.maxInFlight - inFlight;
      if (queue.length >= free + limits.maxQueued) {
        shed++;
        throw overloaded();
      }
      if (queue.length === 0) lastEmpty = performance.now();
      return new Promise((enter, refuse) => {
        queue.push({ call, since: performance.now(), turn: turns, enter, refuse });
        schedule();
      });
    },
    close(call) {
      if (!call.holdsSlot) return;
      call.holdsSlot = false;
      if (isOpenEnded(call.method)) openEnded--;
      else inFlight--;
      schedule();
    },
    load: () => ({ inFlight, queued: queue.length, openEnded, shed }),
  };
}

const openEndedMethods = new WeakMap<DescMethod, boolean>();

function isOpenEnded(method: DescMethod): boolean {
  let known = openEndedMethods.get(method);
  if (known === undefined) {
    known = callLimits(method).defaultTimeoutMs === Number.POSITIVE_INFINITY;
    openEndedMethods.set(method, known);
  }
  return known;
}

function overloaded(): ConnectError {
  // Jitter, so that clients that are turned away together do not come back together.
  const retryAfterMs = 100 + Math.round(Math.random() * 200);
  return refusal(Code.ResourceExhausted, "OVERLOADED", "the server has more calls than it can answer in time", {
    retryAfterMs,
  });
}
