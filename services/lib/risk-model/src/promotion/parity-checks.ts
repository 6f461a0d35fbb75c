import type { PromotionPolicy } from "@bellwether/config/promotion-policy";
import { contractDifferences, type ModelContract } from "../bundle/contract-difference.ts";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import { checkOf, type GateCheck } from "./gate-check.ts";

/** How a version explains the rows. Null: it has no contributions. */
export type MeasuredExplanation = {
  /** Largest |base value + Σ contributions - output| ÷ size of the summands over the explained rows, 0 or more. */
  readonly additivityError: number;
  /** Mean |contribution| of each feature over the same rows. */
  readonly importance: ReadonlyMap<string, number>;
} | null;

/** CPU time of single rows with their contributions, ms, one element a measurement. */
export type RowTimes = readonly number[];

/** What callers of a version depend on. */
export type GateContract = ModelContract & Pick<FeatureBundle, "bands">;

/** The open alerts under both versions. */
export interface AlertChanges {
  /** Suppliers with an open alert. */
  readonly open: number;
  /** Of those, suppliers whom the challenger would not flag. */
  readonly closed: number;
  /** Suppliers without one whom only the challenger would flag. */
  readonly opened: number;
  /** Which alerts these are, for example "open alerts of ops-service". */
  readonly text: string;
}

/** Largest error of additivity, relative to the size of the summands: the runtime sums trees in float32. */
const ADDITIVITY_TOLERANCE = 1e-5;
/** A row that takes at most this much CPU time is accepted whatever the champion takes, ms. */
const ALWAYS_FAST_MS = 1;
/** Fewest features whose order is compared. */
const MIN_FEATURES = 3;

/** Checks that the contributions of the challenger add up. */
export function checkAdditivity(champion: MeasuredExplanation, challenger: MeasuredExplanation): GateCheck {
  if (challenger === null)
    return champion === null
      ? checkOf("additivity", "not_made", "neither version has contributions")
      : checkOf("additivity", "failed", "the champion explains its scores, and the challenger does not");
  const { additivityError: error } = challenger;
  const both = { champion: champion?.additivityError ?? null, challenger: error };
  const figures = { ...both, figure: error, bound: ADDITIVITY_TOLERANCE };
  return error <= ADDITIVITY_TOLERANCE
    ? checkOf("additivity", "passed", `largest relative error ${error.toExponential(1)}`, figures)
    : checkOf("additivity", "failed", `contributions do not add up: relative error ${error.toExponential(1)}`, figures);
}

/** Compares the global importance of the features, by the rank correlation of Spearman over the features that both have. */
export function checkImportance(
  champion: MeasuredExplanation,
  challenger: MeasuredExplanation,
  { minImportanceCorrelation: bound }: PromotionPolicy,
): GateCheck {
  if (champion === null || challenger === null)
    return checkOf("importance", "not_made", "a version has no contributions", { bound });
  const names = [...champion.importance.keys()].filter((name) => challenger.importance.has(name));
  if (names.length < MIN_FEATURES)
    return checkOf("importance", "not_made", `fewer than ${MIN_FEATURES} features in common`, { bound });
  const valuesOf = ({ importance }: NonNullable<MeasuredExplanation>) => names.map((name) => importance.get(name) ?? 0);
  const correlation = rankCorrelation(valuesOf(champion), valuesOf(challenger));
  if (correlation === null)
    return checkOf("importance", "held", "all features of a version have the same importance", { bound });
  const text = `rank correlation ${correlation.toFixed(2)} over ${names.length} features`;
  return correlation >= bound
    ? checkOf("importance", "passed", text, { figure: correlation, bound })
    : checkOf("importance", "held", `${text}: the challenger uses the features in another order`, {
        ...{ figure: correlation, bound },
      });
}

/** Compares what callers depend on. Other features or classes fail; categories that are gone and other band limits are held. */
export function checkContract(champion: GateContract, challenger: GateContract): GateCheck {
  const differences = contractDifferences(champion, challenger);
  if (differences.length > 0) return checkOf("contract", "failed", `the challenger is ${differences.join(", ")}`);
  const known = new Map(challenger.features.map(({ name, categories }) => [name, new Set(categories)]));
  const gone = champion.features.flatMap(({ name, categories }) =>
    categories.filter((category) => known.get(name)?.has(category) === false).map((category) => `${name} ${category}`),
  );
  const [was, is] = [champion.bands, challenger.bands];
  const found = [
    ...(gone.length === 0
      ? []
      : [`${gone.length} categories are unknown to the challenger: ${gone.slice(0, 3).join(", ")}`.slice(0, 300)]),
    ...(was.medium === is.medium && was.high === is.high
      ? []
      : [`band limits ${is.medium} and ${is.high} in place of ${was.medium} and ${was.high}`]),
  ];
  return found.length === 0
    ? checkOf("contract", "passed", "features, categories, classes and band limits are those of the champion")
    : checkOf("contract", "held", found.join("; "));
}

/**
 * Compares the CPU time of a row. The interval of the ratio is that of the medians, by order statistics. Source: Conover, "Practical
 * nonparametric statistics", 3rd edition, 1999, §3.2.
 */
export function checkLatency(
  champion: RowTimes,
  challenger: RowTimes,
  { maxRowTimeRatio: bound }: PromotionPolicy,
): GateCheck {
  const [before, after] = [medianInterval(champion), medianInterval(challenger)];
  if (before === null || after === null) return checkOf("latency", "not_made", "the time was not measured", { bound });
  const ratio = { figure: after.value / before.value, low: after.low / before.high, high: after.high / before.low };
  const figures = { champion: before.value, challenger: after.value, ...ratio, bound };
  const text = `${after.value.toPrecision(2)} ms a row, × ${ratio.figure.toFixed(1)} (95 %: ${ratio.low.toFixed(1)} to ${ratio.high.toFixed(1)})`;
  if (after.high <= ALWAYS_FAST_MS || ratio.high <= bound) return checkOf("latency", "passed", text, figures);
  return ratio.low > bound
    ? checkOf("latency", "failed", `${text}: slower than × ${bound}`, figures)
    : checkOf("latency", "held", `${text}: not shown to be within × ${bound}`, figures);
}

/** Compares the open alerts. @param changes null: not known */
export function checkAlerts(changes: AlertChanges | null, { maxChangedAlerts: bound }: PromotionPolicy): GateCheck {
  if (changes === null) return checkOf("alerts", "held", "the open alerts are not known", { bound });
  const { open, closed, opened, text } = changes;
  // As many changes as alerts, and more, are all of them: a bound of 1 accepts any number.
  const share = Math.min(1, (closed + opened) / Math.max(1, open));
  const found = `${closed} of ${open} would close and ${opened} open (${(100 * share).toFixed(0)} %), ${text}`;
  const figures = { champion: open, challenger: open - closed + opened, figure: share, bound };
  return share > bound ? checkOf("alerts", "held", found, figures) : checkOf("alerts", "passed", found, figures);
}

/** Fewest measurements for an interval of the median. */
const MIN_TIMES = 9;

/** Returns the median with its 95 % interval. Null: fewer than 9 measurements, or a time that is not above 0. */
function medianInterval(times: RowTimes): { value: number; low: number; high: number } | null {
  const sorted = times.filter((ms) => ms > 0 && Number.isFinite(ms)).sort((a, b) => a - b);
  const n = sorted.length;
  if (n < MIN_TIMES || n < times.length) return null;
  const reach = (1.96 * Math.sqrt(n)) / 2;
  const at = (i: number): number => sorted[Math.min(n - 1, Math.max(0, i))];
  return { value: at(n >> 1), low: at(Math.floor(n / 2 - reach)), high: at(Math.ceil(n / 2 + reach)) };
}

/** Returns the rank correlation of Spearman. Null: all values of a side are equal. */
function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const mean = (a.length + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) ** 2;
    yy += (y[i] - mean) ** 2;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/** Returns the ranks from 1; equal values have their mean rank. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const ranks = new Array<number>(values.length).fill(0);
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && values[order[end]] === values[order[i]]) end++;
    for (let k = i; k < end; k++) ranks[order[k]] = (i + end + 1) / 2;
    i = end;
  }
  return ranks;
}
