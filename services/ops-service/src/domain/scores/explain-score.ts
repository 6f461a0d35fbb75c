import {
  type FeatureContribution,
  type FeatureFacts,
  type FeatureInfo,
  NO_FACTS,
} from "@bellwether/reasons/feature-info";
import { type Reason, selectReasons } from "@bellwether/reasons/select-reasons";

/** A feature of a run's model, with its training statistics. */
export interface RunFeature extends Pick<FeatureInfo, "name" | "kind" | "unit" | "typical" | "direction" | "de"> {
  /** Categories that the model knows, most frequent first. Empty: not a categorical feature. */
  readonly categories: readonly string[];
}

/** The contributions of a score, as stored. */
export interface StoredContributions {
  /** Names of the model columns, in the order of `phi`. */
  readonly columnNames: readonly string[];
  readonly phi: Float32Array;
  /** Features of the model, in the order of `values`. Null: the run did not record them. */
  readonly features: readonly RunFeature[] | null;
  /**
   * NaN: missing. A number is stored as itself, a category as its index in the feature's categories, a text
   * as 1. Null: not recorded.
   */
  readonly values: Float32Array | null;
}

/** The score of the same supplier in the previous run, with contributions in the same output space. */
export interface PreviousContributions extends StoredContributions {
  readonly isoWeek: string;
  readonly modelVersion: string;
}

/** The stored explanation data of a score. */
export interface StoredScore extends StoredContributions {
  /** Null: there is no previous score, or it cannot be compared. */
  readonly previous: PreviousContributions | null;
}

/** A contribution in the previous score. */
export type PreviousContribution = Pick<FeatureContribution, "value" | "category" | "contribution">;

/** The contribution of one feature to a score, with its value and the typical value. */
export interface ExplainedContribution extends FeatureContribution, FeatureFacts {
  /** Null: there is no previous score, or its model does not use the feature. */
  readonly previous: PreviousContribution | null;
}

/** A reason with the contribution of the same feature to the previous score. */
export interface ExplainedReason extends Reason {
  /** Null: as for a contribution. All words of a text feature are one contribution without value and category. */
  readonly previous: PreviousContribution | null;
}

/** The explanation of a score, computed from the stored data. */
export interface ScoreExplanation {
  /** All columns of a category are one contribution, each word is its own. Largest magnitude first. */
  readonly contributions: readonly ExplainedContribution[];
  /** The contributions that are shown as reasons, largest magnitude first. */
  readonly reasons: readonly ExplainedReason[];
  /** Contributions that are large enough for a reason, but contradict the declared direction of their feature. */
  readonly unstated: readonly number[];
  /** The previous score. Null: there is none, or it cannot be compared. */
  readonly previous: Pick<PreviousContributions, "isoWeek" | "modelVersion"> | null;
  /** Known and missing features of the supplier. Null: the values were not recorded. */
  readonly completeness: Completeness | null;
  /** The features of the model, for their texts. Empty: they were not recorded. */
  readonly features: readonly Pick<RunFeature, "name" | "de">[];
}

export interface Completeness {
  /** Names of the missing features, in the order of the model. */
  readonly missing: readonly string[];
  readonly present: number;
  readonly total: number;
}

/** Maximum number of reasons of an alert: those that increase the risk most. */
export const ALERT_REASONS = 2;

export function alertReasons({ reasons }: Pick<ScoreExplanation, "reasons">): ExplainedReason[] {
  return reasons.filter(({ contribution }) => contribution > 0).slice(0, ALERT_REASONS);
}

/**
 * Explains a score. When the values were not recorded, the result has no values, no typical values and no
 * missing features.
 */
export function explainScore(score: StoredScore): ScoreExplanation {
  const { features, values, previous } = score;
  const infos = values === null ? unknownInfos(features ?? []) : knownInfos(features ?? []);
  const facts = new Map(infos.map((info) => [info.name, info]));
  const before = new Map<string, PreviousContribution>();
  for (const { feature, contribution, value, category } of previous ? sumByFeature(previous) : [])
    before.set(feature, { contribution, value, category });
  const contributions = sumByFeature(score)
    .map(({ feature, contribution, value, category }): ExplainedContribution => {
      const { unit, typical, typicalCategory } = facts.get(feature) ?? NO_FACTS;
      const was = before.get(feature) ?? null;
      return { feature, contribution, value, category, unit, typical, typicalCategory, previous: was };
    })
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const selected = selectReasons(contributions, infos);
  const reasons = selected.reasons.map((reason) => ({
    ...reason,
    previous: before.get(reason.feature) ?? sumOfWords(before, reason.feature),
  }));
  const completeness = features && values && completenessOf(features, values);
  return { contributions, reasons, unstated: selected.unstated, previous, completeness, features: features ?? [] };
}

/** Returns the contribution of each feature: all columns of a category together, each word of a text alone. */
function sumByFeature({ columnNames, phi, features, values }: StoredContributions): FeatureContribution[] {
  const { names, placeOf, indexOf } = columnsOf(columnNames, features);
  const sums = new Float64Array(names.length);
  for (const [column, place] of placeOf.entries()) sums[place] = (sums[place] ?? 0) + (phi[column] ?? 0);
  return names.map((feature, place) => {
    const index = indexOf[place] ?? -1;
    const known = features?.[index];
    const { value, category } = known ? seenOf(known, values?.[index] ?? Number.NaN) : NOT_KNOWN;
    return { feature, contribution: sums[place] ?? 0, value, category };
  });
}

/** The columns of a model by feature. */
interface ColumnsByFeature {
  /** Names of the features, in the order of their first columns. */
  readonly names: readonly string[];
  /** For each column, the position of its feature in `names`. */
  readonly placeOf: readonly number[];
  /** For each name, its index in the features of the run. -1: it is none of them. */
  readonly indexOf: readonly number[];
}

/** The columns of the runs whose scores are being explained: all scores of a run share the array of its names. */
const columnsOfRuns = new WeakMap<
  readonly string[],
  { readonly of: object | null; readonly columns: ColumnsByFeature }
>();

function columnsOf(columnNames: readonly string[], features: readonly RunFeature[] | null): ColumnsByFeature {
  const kept = columnsOfRuns.get(columnNames);
  if (kept?.of === features) return kept.columns;
  const indexes = new Map((features ?? []).map(({ name }, i) => [name, i]));
  const categories = (features ?? []).filter(({ kind }) => kind === "category").map(({ name }) => name);
  const places = new Map<string, number>();
  const placeOf = columnNames.map((column) => {
    const name = indexes.has(column)
      ? column
      : (categories.find((category) => column.startsWith(`${category}=`)) ?? column);
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  });
  const names = [...places.keys()];
  const columns = { names, placeOf, indexOf: names.map((name) => indexes.get(name) ?? -1) };
  columnsOfRuns.set(columnNames, { of: features, columns });
  return columns;
}

/** Returns the contribution of all words of a text feature. Null: the score has no words of it. */
function sumOfWords(before: ReadonlyMap<string, PreviousContribution>, feature: string): PreviousContribution | null {
  const words = [...before].filter(([name]) => name.startsWith(`${feature}:`));
  if (words.length === 0) return null;
  return { ...NOT_KNOWN, contribution: words.reduce((sum, [, { contribution }]) => sum + contribution, 0) };
}

const NOT_KNOWN = { value: null, category: "" } as const;

function knownInfos(features: readonly RunFeature[]): FeatureInfo[] {
  return features.map(({ name, kind, unit, typical, direction, categories }) => ({
    ...{ name, kind, unit, typical, direction, typicalCategory: categories[0] ?? "" },
  }));
}

function unknownInfos(features: readonly RunFeature[]): FeatureInfo[] {
  return features.map(({ name, kind, direction }) => ({ name, kind, direction, ...NO_FACTS }));
}

function seenOf({ kind, categories }: RunFeature, value: number): Pick<FeatureContribution, "value" | "category"> {
  if (kind === "category") return { value: null, category: categories[value] ?? "" };
  return { value: kind === "numeric" && Number.isFinite(value) ? shortest(value) : null, category: "" };
}

/** Converts a float32 to the number that a person wrote: 0.3, not 0.30000001192092896. */
function shortest(value: number): number {
  // The addition turns -0 into 0.
  const rounded = Math.round(value * SHORT_STEPS) / SHORT_STEPS + 0;
  if (Math.abs(value) < SHORT_LIMIT && Math.fround(rounded) === value) return rounded;
  for (let digits = 6; digits < FLOAT32_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(FLOAT32_DIGITS));
}

/**
 * Numbers below the limit with at most four decimals are found without writing digits. Neighbouring float32 below the
 * limit are less than one step apart, so at most one number with four decimals rounds to each.
 */
const SHORT_STEPS = 10_000;
const SHORT_LIMIT = 1_000;
/** Number of decimal digits that distinguish every float32 from its neighbours. */
const FLOAT32_DIGITS = 9;

function completenessOf(features: readonly RunFeature[], values: Float32Array): Completeness {
  const missing = features.filter((_, i) => Number.isNaN(values[i] ?? Number.NaN)).map(({ name }) => name);
  return { missing, present: features.length - missing.length, total: features.length };
}
