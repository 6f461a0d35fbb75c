/** Results kept for those who are a little behind the first. */
const MAX_KEPT = 16;

/**
 * One query for all who ask with the same key: watchers of one change ask for the same rows at the same time. The key must name one change,
 * so that a result that is kept is never older than the change. A query that failed is made again. It runs without any caller's signal.
 */
export function shareByKey<T>(query: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (key) => {
    const known = kept.get(key);
    if (known) return known;
    const result = query(key);
    kept.set(key, result);
    result.catch(() => kept.delete(key));
    // The oldest goes: a Map iterates in insertion order.
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value ?? "");
    return result;
  };
}
