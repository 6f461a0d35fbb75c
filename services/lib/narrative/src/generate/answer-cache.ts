/** Settings of a cache. */
export interface AnswerCacheOptions {
  /** Maximum number of entries. 0: nothing is stored. */
  readonly entries: number;
  readonly now: () => number;
}

/** Time for which an accepted answer is used again. */
export const ACCEPTED_AGE_MS = 86_400_000;
/** Time for which a rejected answer is not asked for again. */
export const REJECTED_AGE_MS = 600_000;

/** Values by key, of which the least recently used are dropped. */
export interface AnswerCache<V> {
  get(key: string): V | undefined;
  /** @param maxAgeMs Time after which the value is dropped. */
  set(key: string, value: V, maxAgeMs: number): void;
}

/** Creates an empty cache. */
export function createAnswerCache<V>({ entries, now }: AnswerCacheOptions): AnswerCache<V> {
  const stored = new Map<string, { readonly value: V; readonly until: number }>();
  return {
    get(key) {
      const found = stored.get(key);
      if (found === undefined) return;
      stored.delete(key);
      if (now() >= found.until) return;
      // The map is in the order of use: the first key is the least recently used one.
      stored.set(key, found);
      return found.value;
    },
    set(key, value, maxAgeMs) {
      stored.delete(key);
      if (entries === 0) return;
      const [oldest] = stored.keys();
      if (stored.size >= entries && oldest !== undefined) stored.delete(oldest);
      stored.set(key, { value, until: now() + maxAgeMs });
    },
  };
}
