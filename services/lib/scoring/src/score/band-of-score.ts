import type { Band } from "@bellwether/contract/band-codes";

/** Returns the band of a calibrated score in [0, 1]. */
export function bandOf(riskScore: number, limits: { readonly high: number; readonly medium: number }): Band {
  if (riskScore >= limits.high) return "high";
  return riskScore >= limits.medium ? "medium" : "low";
}
