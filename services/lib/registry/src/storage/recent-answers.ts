/** Answers of slow calls, by key: one call at a time per key, and an answer is used again for a while. */
export interface RecentAnswers {
  /**
   * Returns the recent answer of a key. Without one, returns the answer of the running call, or else makes a new call.
   * @returns `last`: the newest answer that is already available; null: none
   */
  ask<T>(
    key: string,
    call: () => Promise<T>,
  ): { readonly answer: Promise<T>; readonly last: { readonly value: T } | null };
  /** Returns the newest answer of a key; null: none. */
  last<T>(key: string): { readonly value: T } | null;
  /** Removes the answer of a key, so that the next one is new. */
  forget(key: string): void;
}

/** Maximum number of keys: the oldest is removed first. */
const MAX_KEYS = 2_048;
/** Maximum size of the answers that are bytes, together. */
const MAX_BYTES = 24 * 1024 * 1024;

interface Entry {
  readonly answer: Promise<unknown>;
  readonly startedMs: number;
  last: { readonly value: unknown } | null;
  isPending: boolean;
}

/**
 * Creates an empty list of answers.
 * @param freshMs time from the begin of a call for which its answer or its error is used again, ms
 * @param monotonicMs returns the time of a monotonic clock, ms
 */
export function createRecentAnswers(
  freshMs: number,
  monotonicMs: () => number = () => performance.now(),
): RecentAnswers {
  const entries = new Map<string, Entry>();
  const sizeOf = ({ last }: Entry): number => (last?.value instanceof Uint8Array ? last.value.length : 0);
  const removeOldest = (newest: string): void => {
    let bytes = [...entries.values()].reduce((sum, entry) => sum + sizeOf(entry), 0);
    for (const [key, entry] of entries) {
      if (entries.size <= MAX_KEYS && bytes <= MAX_BYTES) return;
      if (key === newest) continue;
      entries.delete(key);
      bytes -= sizeOf(entry);
    }
  };
  return {
    ask<T>(key: string, call: () => Promise<T>) {
      const known = entries.get(key);
      if (known !== undefined && (known.isPending || monotonicMs() - known.startedMs < freshMs))
        return { answer: known.answer as Promise<T>, last: known.last as { readonly value: T } | null };
      const answer = call();
      const entry: Entry = { answer, startedMs: monotonicMs(), last: known?.last ?? null, isPending: true };
      entries.delete(key);
      entries.set(key, entry);
      answer.then(
        (value) => {
          entry.last = { value };
          entry.isPending = false;
          removeOldest(key);
        },
        () => {
          entry.isPending = false;
        },
      );
      return { answer, last: entry.last as { readonly value: T } | null };
    },
    last: <T>(key: string) => (entries.get(key)?.last ?? null) as { readonly value: T } | null,
    forget: (key) => void entries.delete(key),
  };
}
