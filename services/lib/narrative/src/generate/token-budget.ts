/** Limits of a token budget. */
export interface TokenBudgetOptions {
  /** Maximum number of tokens in one minute. */
  readonly perMinute: number;
  /** Maximum number of tokens in one day (UTC). */
  readonly perDay: number;
  readonly now: () => number;
}

/** Tokens that a call may use. */
export interface TokenReservation {
  /** Replaces the reserved tokens by the tokens that the call has used. Without this, the reserved ones count. */
  settle(tokens: number): void;
}

/** The tokens that may still be used. It begins anew when the process starts. */
export interface TokenBudget {
  /** Reserves tokens for a call. Undefined: the budget of this minute or day is used up. */
  reserve(tokens: number): TokenReservation | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Creates a budget of which nothing is used. */
export function createTokenBudget({ perMinute, perDay, now }: TokenBudgetOptions): TokenBudget {
  const windows = [
    { lengthMs: MINUTE_MS, limit: perMinute, index: -1, used: 0 },
    { lengthMs: DAY_MS, limit: perDay, index: -1, used: 0 },
  ];
  return {
    reserve(tokens) {
      const time = now();
      for (const window of windows) {
        const index = Math.floor(time / window.lengthMs);
        if (index === window.index) continue;
        window.index = index;
        window.used = 0;
      }
      if (windows.some(({ used, limit }) => used + tokens > limit)) return;
      for (const window of windows) window.used += tokens;
      const reserved = windows.map(({ index }) => index);
      return {
        settle(used) {
          for (const [i, window] of windows.entries())
            if (window.index === reserved[i]) window.used = Math.max(0, window.used + used - tokens);
        },
      };
    },
  };
}
