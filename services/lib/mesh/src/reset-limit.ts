/** How many calls a client may take back on one connection before they are answered. */
export interface ResetLimits {
  /** At once, after a while without any. */
  readonly burst: number;
  /** In the long run. */
  readonly perSecond: number;
}

/** Takes one call that was taken back at `now` (milliseconds of a clock that never goes back) into account; false: one too many. */
export type ResetLimit = (now: number) => boolean;

/**
 * The limit of one connection: a bucket that holds `burst` and is refilled by `perSecond`. A call that is taken back costs its
 * client next to nothing and the server a call's beginning (CVE-2023-44487).
 */
export function createResetLimit({ burst, perSecond }: ResetLimits, opened: number): ResetLimit {
  let left = burst;
  let filledAt = opened;
  return (now) => {
    left = Math.min(burst, left + ((now - filledAt) / 1_000) * perSecond);
    filledAt = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
