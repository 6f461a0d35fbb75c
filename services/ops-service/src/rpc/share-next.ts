import { runWithoutSignal } from "@bellwether/telemetry/lazy-context";

interface Flight<Result> {
  readonly running: Promise<Result>;
  /** The run for the calls that came while `running` runs. */
  next: Promise<Result> | null;
}

/**
 * Runs a query for many calls, once at a time per key. Calls that come while it runs share the next run, and not the
 * running one, so that no result is older than its call. The query does not get the signal of any caller, and is in the
 * trace of the call that began it.
 * @param keyOf requests with an equal key have the same result
 */
export function shareNext<Request, Result>(
  query: (request: Request) => Promise<Result>,
  keyOf: (request: Request) => string,
): (request: Request) => Promise<Result> {
  const flights = new Map<string, Flight<Result>>();
  const begin = (key: string, request: Request): Promise<Result> => {
    const flight: Flight<Result> = { running: runWithoutSignal(() => query(request)), next: null };
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
    const start = (): Promise<Result> => begin(key, request);
    flight.next ??= flight.running.then(start, start);
    return flight.next;
  };
}
