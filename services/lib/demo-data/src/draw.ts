import type { Random } from "@bellwether/risk-model/random";

/** Returns the value, limited to [low, high]. */
export const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** Returns the value as a table prints it, rounded to this many digits. */
export const round = (x: number, digits: number): number => Number(x.toFixed(digits));

/**
 * Draws a number in [0, 1): one half comes from `stress`, which is the same for all values of a supplier, and one
 * half is random.
 */
export const leaning = (stress: number, random: Random): number => 0.5 * stress + 0.5 * random.uniform() ** 2.5;
