import type { FeatureTable } from "../tables/feature-table.ts";
import { createRanking } from "./metrics.ts";

/** The best ranking by a single feature. */
export interface Baseline {
  readonly feature: string;
  /** Whether a higher or a lower value means more risk. */
  readonly direction: "higher" | "lower";
  /** AUC on the test rows, in [0, 1]. */
  readonly auc: number;
}

const gather = (column: Float64Array, rows: Uint32Array, fill: number): Float64Array =>
  Float64Array.from(rows, (row) => {
    const value = column[row];
    return Number.isNaN(value) ? fill : value;
  });

function medianOf(column: Float64Array, rows: Uint32Array): number {
  const present = Float64Array.from(rows, (row) => column[row])
    .filter((value) => !Number.isNaN(value))
    .sort();
  return present.length === 0 ? 0 : present[present.length >> 1];
}

/**
 * Ranks the test rows by the one number that ranks the training rows best. Feature, direction and the median
 * for missing values come from the training rows only, so the baseline is judged on the test rows under the
 * same conditions as the model.
 */
export function singleFeatureBaseline(
  table: FeatureTable,
  labels: Uint8Array,
  features: readonly string[],
  trainRows: Uint32Array,
  testRows: Uint32Array,
): Baseline | null {
  const trainLabels = Uint8Array.from(trainRows, (row) => labels[row]);
  let best: { feature: string; column: Float64Array; fill: number; auc: number; strength: number } | undefined;
  for (const feature of features) {
    const column = table.numbers.get(feature);
    if (column === undefined) continue;
    const fill = medianOf(column, trainRows);
    const auc = createRanking(gather(column, trainRows, fill), trainLabels).auc();
    const strength = Math.abs(auc - 0.5);
    if (!Number.isNaN(strength) && (best === undefined || strength > best.strength))
      best = { feature, column, fill, auc, strength };
  }
  if (best === undefined) return null;
  const testLabels = Uint8Array.from(testRows, (row) => labels[row]);
  const higher = best.auc >= 0.5;
  const auc = createRanking(gather(best.column, testRows, best.fill), testLabels).auc();
  return { feature: best.feature, direction: higher ? "higher" : "lower", auc: higher ? auc : 1 - auc };
}
