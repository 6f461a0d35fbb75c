/** What a score means; the numbers are those of bellwether.inference.v1.Band. */
export const BAND_CODE = { unknown: 1, low: 2, medium: 3, high: 4 } as const;
export type Band = keyof typeof BAND_CODE;

/** The band of a calibrated score in [0, 1]. */
export function bandOf(riskScore: number, limits: { readonly high: number; readonly medium: number }): Band {
  if (riskScore >= limits.high) return "high";
  return riskScore >= limits.medium ? "medium" : "low";
}
