import type { DemoActivity, DemoSupplier } from "./demo-tables.ts";

/** A supplier with at least this many points, noise included, is high risk. */
export const HIGH_POINTS = 5;

/** Standard deviation of the noise on the points; it keeps a good model's AUC near 0.91. */
export const POINT_NOISE = 2;

/** Returns the risk points, 0 to 10, from the values in the tables. */
export function riskPoints(
  supplier: Pick<DemoSupplier, "past_disputes" | "financial_stability_index">,
  activity: DemoActivity,
  clauseRisk: number,
): number {
  return (
    (activity.avg_delay > 45 ? 2 : 0) +
    (supplier.past_disputes > 5 ? 2 : 0) +
    (supplier.financial_stability_index < 0.5 ? 2 : 0) +
    (activity.late_ratio > 0.3 ? 1 : 0) +
    (activity.dispute_rate > 0.2 ? 1 : 0) +
    (clauseRisk > 60 ? 1 : 0) +
    (activity.avg_delivery_quality < 70 ? 1 : 0)
  );
}
