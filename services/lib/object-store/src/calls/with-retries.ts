import { setTimeout as pause } from "node:timers/promises";
import { isTransientStoreError, StoreSlowError } from "../store-error.ts";
import { MAX_PAUSE_MS, type StoreLimits } from "./limits.ts";

export interface Retries {
  readonly limits: StoreLimits;
  /** What is called, for messages: the address of an object. */
  readonly place: string;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Does an attempt, and repeats it after a temporary error until the limits. Each attempt has its own time limit.
 * @param attempt its second parameter is the number of earlier attempts whose effect is not known
 * @throws the last error; StoreSlowError when an attempt took too long; the reason of the caller's signal
 */
export async function withRetries<T>(
  { limits, place, signal }: Retries,
  attempt: (signal: AbortSignal, earlier: number) => Promise<T>,
): Promise<T> {
  const endMs = performance.now() + limits.callMs;
  for (let earlier = 0; ; earlier++) {
    signal?.throwIfAborted();
    const leftMs = Math.max(1, Math.ceil(endMs - performance.now()));
    const limitMs = Math.min(limits.silenceMs, leftMs);
    try {
      return await withinTime(place, limitMs, signal, (attemptSignal) => attempt(attemptSignal, earlier));
    } catch (error) {
      signal?.throwIfAborted();
      const pauseMs = pauseBefore(earlier + 1, limits);
      const isLast = earlier + 1 >= limits.attempts || performance.now() + pauseMs >= endMs;
      if (!isTransientStoreError(error) || isLast) throw error;
      await pause(pauseMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Returns the random pause before attempt number `attempt`, from 1, ms. */
export function pauseBefore(attempt: number, { firstPauseMs }: Pick<StoreLimits, "firstPauseMs">): number {
  return Math.random() * Math.min(MAX_PAUSE_MS, firstPauseMs * 2 ** (attempt - 1));
}

/**
 * Does work that must end in time. The work's signal aborts with the caller's signal or at the limit; the result does not wait for
 * work that ignores it.
 * @throws StoreSlowError at the limit; the reason of `signal`; the errors of the work
 */
export async function withinTime<T>(
  place: string,
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const ended = Promise.withResolvers<never>();
  const onAbort = (): void => {
    own.abort(signal?.reason);
    ended.reject(signal?.reason);
  };
  if (signal?.aborted) throw signal.reason;
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => {
    const slow = new StoreSlowError(place, limitMs);
    own.abort(slow);
    ended.reject(slow);
  }, limitMs);
  ended.promise.catch(() => undefined);
  try {
    const working = work(own.signal);
    working.catch(() => undefined);
    return await Promise.race([working, ended.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
