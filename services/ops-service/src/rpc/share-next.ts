import { setTimeout as delay } from "node:timers/promises";
import { currentSignal, runWithSignal } from "@bellwether/telemetry/lazy-context";
import { createWaitingCalls, type WaitingCalls } from "./waiting-calls.ts";

interface Flight<Result> {
  readonly beganAt: number;
  readonly running: Promise<Result>;
  /** The run for the calls that came while `running` runs. */
  next: { readonly result: Promise<Result>; readonly calls: WaitingCalls } | null;
}

/** Maximum time between two runs. */
const MAX_REST_MS = 100;

/**
 * Runs a query for many calls, once at a time per key. Calls that come while it runs share the next run, and not the
 * running one, so that no result is older than its call. A query ends when none of its calls waits any more, and is in the
 * trace of the call that began it. Between two runs it rests as long as the last one took, at most 100 ms, so that a server with
 * many callers spends at most half of one connection on it.
 * @param keyOf requests with an equal key have the same result
 */
export function shareNext<Request, Result>(
  query: (request: Request) => Promise<Result>,
  keyOf: (request: Request) => string,
): (request: Request) => Promise<Result> {
  const flights = new Map<string, Flight<Result>>();
  const begin = (key: string, request: Request, calls: WaitingCalls): Promise<Result> => {
    const flight: Flight<Result> = {
      ...{ beganAt: performance.now(), next: null },
      running: runWithSignal(calls.signal, () => query(request)),
    };
    flights.set(key, flight);
    const end = (): void => {
      if (flights.get(key) === flight && flight.next === null) flights.delete(key);
    };
    flight.running.then(end, end);
    return flight.running;
  };
  const beginAfter = (key: string, request: Request, flight: Flight<Result>) => {
    const calls = createWaitingCalls();
    const start = async (): Promise<Result> => {
      await delay(Math.min(performance.now() - flight.beganAt, MAX_REST_MS));
      if (!calls.signal.aborted) return await begin(key, request, calls);
      if (flights.get(key) === flight && flight.next?.calls === calls) flights.delete(key);
      throw calls.signal.reason;
    };
    return { result: flight.running.then(start, start), calls };
  };
  return (request) => {
    const key = keyOf(request);
    const flight = flights.get(key);
    const signal = currentSignal();
    if (!flight) {
      const calls = createWaitingCalls();
      return calls.join(begin(key, request, calls), signal);
    }
    // A run for calls that have all ended is left out.
    const next = flight.next?.calls.signal.aborted === false ? flight.next : beginAfter(key, request, flight);
    flight.next = next;
    return next.calls.join(next.result, signal);
  };
}
