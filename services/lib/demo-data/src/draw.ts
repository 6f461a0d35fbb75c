import type { Random } from "@bellwether/risk-model/random";

/** The value within [low, high]. */
export const clip = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** The value as a table prints it, to so many digits. */
export const round = (x: number, digits: number): number => Number(x.toFixed(digits));

/** Draws in [0, 1) that lean towards `stress`: half trouble that a supplier has everywhere, half chance. */
export const leaning = (stress: number, random: Random): number => 0.5 * stress + 0.5 * random.uniform() ** 2.5;
