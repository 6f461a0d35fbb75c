import { shareInterval } from "../significance/share-interval.ts";
import { tQuantile, tTwoSided } from "../significance/student-t.ts";
import type { Figure } from "./figure.ts";
import type { LabelledRows } from "./labelled-rows.ts";

/** A figure with its 95 % interval. Null: the rows do not determine it. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export const NO_ESTIMATE: Estimate = { value: null, low: null, high: null };

/** The variance of a figure, from the sums of the influence of each supplier. */
interface Spread {
  readonly variance: number;
  /** Degrees of freedom of the variance. */
  readonly df: number;
  /** Number of suppliers with a row. */
  readonly clusters: number;
}

type Clusters = Pick<LabelledRows, "clusterOf" | "clusters">;

/**
 * Returns the variance of a figure over suppliers. A few suppliers with most of the influence, as the positives of a review sample are,
 * leave few degrees of freedom. Source of the degrees of freedom: Satterthwaite, "An approximate distribution of estimates of variance
 * components", Biometrics Bulletin 2, 1946, with the fourth moment of the suppliers.
 */
function spreadOf(influence: Float64Array, { clusterOf, clusters }: Clusters): Spread {
  const sums = new Float64Array(clusters);
  const seen = new Uint8Array(clusters);
  for (let i = 0; i < influence.length; i++) {
    sums[clusterOf[i]] += influence[i];
    seen[clusterOf[i]] = 1;
  }
  let [count, squares, fourths] = [0, 0, 0];
  for (let g = 0; g < clusters; g++) {
    if (seen[g] === 0) continue;
    const square = sums[g] ** 2;
    count++;
    squares += square;
    fourths += square ** 2;
  }
  if (count < 2) return { variance: Number.NaN, df: 1, clusters: count };
  const ofVariance = fourths - squares ** 2 / count;
  const df = ofVariance > 0 ? (2 * squares ** 2) / ofVariance : count - 1;
  return { variance: (count / (count - 1)) * squares, df: Math.min(count - 1, Math.max(1, df)), clusters: count };
}

/** The scale on which the interval of a figure is symmetric. */
export type Scale = "share" | "positive" | "difference";

/**
 * Returns a figure with its 95 % interval: Student's t on the scale of log-odds for shares, of logarithms for losses, and of the figure
 * itself for differences. A share of 0 or 1 has the interval of `shareInterval` with the rows that determine it.
 */
export function estimateOf(figure: Figure, clusters: Clusters, scale: Scale): Estimate {
  const { value, influence, effectiveRows } = figure;
  if (Number.isNaN(value)) return NO_ESTIMATE;
  const { variance, df, clusters: count } = spreadOf(influence, clusters);
  if (Number.isNaN(variance)) return { ...NO_ESTIMATE, value };
  if (scale === "share" && (value <= 0 || value >= 1)) {
    const share = Math.min(1, Math.max(0, value));
    const rows = Math.max(1, Math.min(count, effectiveRows));
    return { value: share, ...shareInterval({ share, variance: 0, rows, clusters: rows, df }) };
  }
  const reach = tQuantile(0.95, df) * Math.sqrt(variance);
  if (scale === "share") {
    const [center, half] = [Math.log(value / (1 - value)), reach / (value * (1 - value))];
    return { value, low: shareOf(center - half), high: shareOf(center + half) };
  }
  if (scale === "positive" && value > 0)
    return { value, low: value * Math.exp(-reach / value), high: value * Math.exp(reach / value) };
  return { value, low: value - reach, high: value + reach };
}

const shareOf = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));

/** Returns the probability of a figure at least as far from 0, when it is 0 in truth. 1 when the rows do not determine it. */
export function pValueOf({ value, influence }: Figure, clusters: Clusters): number {
  if (Number.isNaN(value)) return 1;
  const { variance, df } = spreadOf(influence, clusters);
  if (!(variance > 0)) return 1;
  return tTwoSided(value / Math.sqrt(variance), df);
}
