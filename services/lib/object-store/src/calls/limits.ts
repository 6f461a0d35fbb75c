/** Limits of the calls to a store. */
export interface StoreLimits {
  /** Longest time until the store answers one attempt, and between two chunks of an answer, ms. */
  readonly silenceMs: number;
  /** Longest time of one call with all its attempts, ms. Reading a content has no limit besides `silenceMs`. */
  readonly callMs: number;
  /** Largest number of attempts of one call. A read that continues counts the attempts without progress. */
  readonly attempts: number;
  /** Longest pause before the second attempt, ms. It doubles with each attempt; the pause is a random share of it. */
  readonly firstPauseMs: number;
}

export const DEFAULT_LIMITS: StoreLimits = { silenceMs: 20_000, callMs: 90_000, attempts: 6, firstPauseMs: 200 };

/** Longest pause between two attempts, ms. */
export const MAX_PAUSE_MS = 10_000;
