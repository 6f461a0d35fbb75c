import type { DriftPolicy } from "@bellwether/config/risk-policy";
import { profileCategories } from "../profile/category-profile.ts";
import { createSorter, type NumericProfile, profileNumbers, type Sorter } from "../profile/numeric-profile.ts";
import { type FeatureProfile, SCORE_NAME, type TrainingProfile } from "../profile/training-profile.ts";
import { holmAdjusted } from "../significance/holm.ts";
import type { Change } from "./change.ts";
import { compareCategories, mapTexts } from "./compare-categories.ts";
import { compareMissing } from "./compare-missing.ts";
import { compareNumbers } from "./compare-numbers.ts";
import { type Pairs, pairSuppliers } from "./pairs.ts";

/** Values of the suppliers of a week, or of a sample of them. */
export interface WeekValues {
  readonly supplierIds: readonly string[];
  /** Numeric features by name; NaN = missing. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  /** Categorical features by name; null = missing. */
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
  /** Calibrated score of each supplier; NaN = it has none. Null: the scores are not known. */
  readonly scores: Float64Array | null;
}

/** What a week is compared with. */
export type DriftReference = "training" | "previous-week";

/** What of a feature is compared: its known values, or the share of missing ones. */
export type DriftAspect = "values" | "missing";

/**
 * "alarm": the test is significant and the effect matters; "none": not both; "too-few": too few rows for a test;
 * "moving": the policy declares that the feature moves by construction.
 */
export type DriftOutcome = "alarm" | "none" | "too-few" | "moving";

/** One aspect of one feature, compared with one reference. */
export interface DriftComparison extends Omit<Change, "p"> {
  /** Name of the feature; of the score: "risk_score". */
  readonly feature: string;
  readonly kind: "numeric" | "category" | "score";
  readonly aspect: DriftAspect;
  readonly reference: DriftReference;
  /** Rows of the reference that count: with a value, or all for missing values. */
  readonly referenceRows: number;
  readonly presentRows: number;
  /** p-value after the correction over all comparisons of the week. Null: not tested. */
  readonly p: number | null;
  readonly outcome: DriftOutcome;
}

/** What a week is compared with. Null: not known. */
export interface DriftReferences {
  readonly training: TrainingProfile | null;
  /** Values of the previous week: each supplier is compared with itself. */
  readonly previous?: WeekValues | null;
  /** Distributions of the previous week, when its values are not known: suppliers are compared as a whole. */
  readonly previousProfile?: TrainingProfile | null;
}

/**
 * Compares the values of a week with the training rows and with the previous week. The p-values are corrected over all
 * comparisons together (Holm), so that a week without drift has an alarm with a probability of at most
 * `policy.familyError`. Suppliers are assumed to be independent of each other; a change that many have in common is
 * drift.
 * @param sortedOf a sorter that other work on the same values uses too
 * @returns comparisons: alarms first, then by effect
 */
export function compareWeek(
  present: WeekValues,
  { training, previous = null, previousProfile = null }: DriftReferences,
  policy: DriftPolicy,
  sortedOf: Sorter = createSorter(),
): DriftComparison[] {
  const context = { policy, sortedOf };
  const raw = [
    ...compareProfiles(present, training, "training", context),
    ...(previous === null
      ? compareProfiles(present, previousProfile, "previous-week", context)
      : comparePairs(present, previous, context)),
  ];
  return decide(raw, policy).sort(
    (a, b) =>
      Number(b.outcome === "alarm") - Number(a.outcome === "alarm") ||
      relativeEffect(b, policy) - relativeEffect(a, policy) ||
      (a.feature < b.feature ? -1 : 1),
  );
}

/** Returns the effect as a multiple of the smallest effect that matters. */
export function relativeEffect(
  { effect, kind, aspect }: Pick<DriftComparison, "effect" | "kind" | "aspect">,
  policy: DriftPolicy,
): number {
  return effect / (kind === "category" || aspect === "missing" ? policy.minShareChange : policy.minShift);
}

/** A comparison before the correction; `p` is null when it is not tested. */
type RawComparison = Omit<DriftComparison, "p" | "outcome"> & { readonly p: number | null; readonly isTooFew: boolean };

interface Context {
  readonly policy: DriftPolicy;
  readonly sortedOf: Sorter;
}

function compareProfiles(
  present: WeekValues,
  profile: TrainingProfile | null,
  reference: DriftReference,
  context: Context,
): RawComparison[] {
  const raw = (profile?.features ?? []).flatMap((feature) => {
    if (feature.kind === "category") {
      const values = present.categories.get(feature.feature);
      return values ? compareCategory(feature, values, null, reference, context) : [];
    }
    const values = present.numbers.get(feature.feature);
    return values ? compareNumeric("numeric", feature, values, null, reference, context) : [];
  });
  if (profile?.score && present.scores !== null)
    raw.push(...compareNumeric("score", profile.score, present.scores, null, reference, context));
  return raw;
}

function comparePairs(present: WeekValues, previous: WeekValues, context: Context): RawComparison[] {
  const pairs = pairSuppliers(present.supplierIds, previous.supplierIds);
  const raw: RawComparison[] = [];
  const numeric = (kind: "numeric" | "score", name: string, values: Float64Array, before: Float64Array): void => {
    const profile = profileNumbers(name, before);
    raw.push(...compareNumeric(kind, profile, values, { values: before, pairs }, "previous-week", context));
  };
  for (const [name, values] of present.numbers) {
    const before = previous.numbers.get(name);
    if (before) numeric("numeric", name, values, before);
  }
  for (const [name, values] of present.categories) {
    const before = previous.categories.get(name);
    if (!before) continue;
    const profile = profileCategories(name, before);
    raw.push(...compareCategory(profile, values, { values: before, pairs }, "previous-week", context));
  }
  if (present.scores !== null && previous.scores !== null)
    numeric("score", SCORE_NAME, present.scores, previous.scores);
  return raw;
}

function compareNumeric(
  kind: "numeric" | "score",
  profile: NumericProfile,
  values: Float64Array,
  paired: { readonly values: Float64Array; readonly pairs: Pairs } | null,
  reference: DriftReference,
  context: Context,
): RawComparison[] {
  const missing = isMissing(values);
  const known = values.length - missing.reduce((sum, one) => sum + one, 0);
  const named = { feature: profile.feature, kind, reference };
  return [
    compared({ ...named, aspect: "values" }, knownRows(profile), known, context.policy, () =>
      compareNumbers(profile, values, paired, context.sortedOf(values)),
    ),
    compared(
      { ...named, aspect: "missing" },
      independentRows(profile, profile.rows),
      values.length,
      context.policy,
      () =>
        compareMissing(
          profile,
          { rows: values.length, missing: values.length - known, suppliers: values.length },
          paired && { pairs: paired.pairs, present: missing, previous: isMissing(paired.values) },
        ),
    ),
  ];
}

function compareCategory(
  profile: FeatureProfile & { readonly kind: "category" },
  values: readonly (string | null)[],
  paired: { readonly values: readonly (string | null)[]; readonly pairs: Pairs } | null,
  reference: DriftReference,
  context: Context,
): RawComparison[] {
  const isMissing = (all: readonly (string | null)[]): Float64Array =>
    mapTexts(all, (value) => (value === null ? 1 : 0));
  const missing = isMissing(values);
  const known = values.length - missing.reduce((sum, one) => sum + one, 0);
  const named = { feature: profile.feature, kind: "category", reference } as const;
  return [
    compared({ ...named, aspect: "values" }, knownRows(profile), known, context.policy, () =>
      compareCategories(profile, values, paired),
    ),
    compared(
      { ...named, aspect: "missing" },
      independentRows(profile, profile.rows),
      values.length,
      context.policy,
      () =>
        compareMissing(
          profile,
          { rows: values.length, missing: values.length - known, suppliers: values.length },
          paired && { pairs: paired.pairs, present: missing, previous: isMissing(paired.values) },
        ),
    ),
  ];
}

function isMissing(values: Float64Array): Float64Array {
  const missing = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) missing[row] = Number.isNaN(values[row]) ? 1 : 0;
  return missing;
}

/** Number of suppliers of the rows with a value. */
const knownRows = (profile: FeatureProfile): number => independentRows(profile, profile.rows - profile.missing);

const independentRows = ({ rows, suppliers }: FeatureProfile, of: number): number =>
  rows === 0 ? 0 : Math.round((of * Math.min(suppliers, rows)) / rows);

const NO_CHANGE: Change = {
  ...{ effect: 0, noise: 0, shift: 0, psi: null, psiNoise: null, p: null },
  ...{ referenceValue: 0, presentValue: 0, category: null, bins: [] },
};

function compared(
  named: Pick<DriftComparison, "feature" | "kind" | "reference" | "aspect">,
  referenceRows: number,
  presentRows: number,
  { minRows }: DriftPolicy,
  compare: () => Change,
): RawComparison {
  const isTooFew = referenceRows < minRows || presentRows < minRows;
  const change = referenceRows === 0 || presentRows === 0 ? NO_CHANGE : compare();
  return { ...named, referenceRows, presentRows, ...change, p: isTooFew ? null : change.p, isTooFew };
}

function decide(raw: readonly RawComparison[], policy: DriftPolicy): DriftComparison[] {
  const moving = new Set(policy.moving);
  const tested = raw.filter(({ p, feature, kind }) => p !== null && !(kind !== "score" && moving.has(feature)));
  const adjusted = new Map<RawComparison, number>();
  for (const [i, p] of holmAdjusted(tested.map(({ p: value }) => value ?? 1)).entries()) adjusted.set(tested[i], p);
  return raw.map((comparison) => {
    const { isTooFew, p: _raw, ...rest } = comparison;
    const p = adjusted.get(comparison) ?? null;
    const isAlarm = p !== null && p <= policy.familyError && relativeEffect(rest, policy) >= 1;
    const isMoving = rest.kind !== "score" && moving.has(rest.feature);
    return { ...rest, p, outcome: isTooFew ? "too-few" : isMoving ? "moving" : isAlarm ? "alarm" : "none" };
  });
}
