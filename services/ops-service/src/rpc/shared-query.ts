import { runOutsideCalls } from "@bellwether/telemetry/lazy-context";

/** Number of results that are kept for callers that are slightly later than the first. */
const MAX_KEPT = 16;

/**
 * Makes one query for all calls with the same key: the watches of one change need the same rows at the same
 * time. A key must name one change, so that a kept result is never older than the change. A query that failed
 * is made again. The query does not get the signal of any caller.
 */
export function shareByKey<T>(query: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (key) => {
    const known = kept.get(key);
    if (known) return known;
    const result = runOutsideCalls(() => query(key));
    kept.set(key, result);
    result.catch(() => kept.delete(key));
    // Deletes the oldest result: a Map iterates in insertion order.
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? "");
    return result;
  };
}
