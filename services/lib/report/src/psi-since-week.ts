import type { FeatureDrift, WeeklyReport } from "./weekly-report.ts";

/**
 * Returns the population stability index of a feature since the week before. Null: there is no such week, or the feature
 * was not compared with it; reports of earlier releases have 0 then.
 */
export function psiSinceWeek(
  { psi, comparisons }: Pick<FeatureDrift, "psi" | "comparisons">,
  { previous_week }: Pick<WeeklyReport, "previous_week">,
): number | null {
  if (previous_week === null) return null;
  const isCompared = comparisons.length === 0 || comparisons.some(({ reference }) => reference !== "training");
  return isCompared ? psi : null;
}
