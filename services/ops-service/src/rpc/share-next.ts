import { setTimeout as delay } from "node:timers/promises";
import { runWithoutSignal } from "@bellwether/telemetry/lazy-context";

interface Flight<Result> {
  readonly beganAt: number;
  readonly running: Promise<Result>;
  /** The run for the calls that came while `running` runs. */
  next: Promise<Result> | null;
}

/** Maximum time between two runs. */
const MAX_REST_MS = 100;

/**
 * Runs a query for many calls, once at a time per key. Calls that come while it runs share the next run, and not the
 * running one, so that no result is older than its call. The query does not get the signal of any caller, and is in the
 * trace of the call that began it. Between two runs it rests as long as the last one took, at most 100 ms, so that a server with
 * many callers spends at most half of one connection on it.
 * @param keyOf requests with an equal key have the same result
 */
export function shareNext<Request, Result>(
  query: (request: Request) => Promise<Result>,
  keyOf: (request: Request) => string,
): (request: Request) => Promise<Result> {
  const flights = new Map<string, Flight<Result>>();
  const begin = (key: string, request: Request): Promise<Result> => {
    const flight: Flight<Result> = {
      beganAt: performance.now(),
      running: runWithoutSignal(() => query(request)),
      next: null,
    };
    flights.set(key, flight);
    const end = (): void => {
      if (flights.get(key) === flight && flight.next === null) flights.delete(key);
    };
    flight.running.then(end, end);
    return flight.running;
  };
  return (request) => {
    const key = keyOf(request);
    const flight = flights.get(key);
    if (!flight) return begin(key, request);
    const start = async (): Promise<Result> => {
      await delay(Math.min(performance.now() - flight.beganAt, MAX_REST_MS));
      return begin(key, request);
    };
    flight.next ??= flight.running.then(start, start);
    return flight.next;
  };
}
