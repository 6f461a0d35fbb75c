import {
  type FeatureContribution,
  type FeatureFacts,
  type FeatureInfo,
  NO_FACTS,
  TEXT_FEATURE,
} from "./feature-info.ts";

/** One feature's effect for a reader, beside its value and what is typical. */
export interface Reason extends FeatureFacts {
  /** The feature; all words of a text are one. */
  readonly feature: string;
  /** Null: missing, a category, or a text. */
  readonly value: number | null;
  readonly category: string;
  /**
   * The words of a text with the largest contributions of the text's sign, largest first, at most three; empty for other features, and
   * where it is not known which words the text has.
   */
  readonly words: readonly string[];
  readonly contribution: number;
  /** Magnitude beside the sum of all magnitudes, in [0, 1]. */
  readonly share: number;
}

/** The reasons of a score, and what was left out of them. */
export interface SelectedReasons {
  /** Largest magnitude first. */
  readonly reasons: readonly Reason[];
  /** Effects below the smallest share that is named. */
  readonly tooSmall: number;
  /** Effects that point against the declared direction for a value on that side of typical: true in the model's sum, absurd by itself. */
  readonly contradicting: number;
}

/** Effects smaller than this share of all effects are not named. */
export const LEAST_SHARE = 0.03;
const MAX_WORDS = 3;

/** All contributions as reasons, words of a text grouped, largest magnitude first. `features` may be empty: not known. */
export function groupReasons(
  contributions: readonly FeatureContribution[],
  features: readonly FeatureInfo[],
): Reason[] {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const text = features.find(({ kind }) => kind === "text")?.name ?? TEXT_FEATURE;
  const isWord = ({ feature }: FeatureContribution): boolean => feature.startsWith(`${text}:`);
  const words = contributions.filter(isWord);
  const grouped = [
    ...contributions.filter((entry) => !isWord(entry)).map((entry) => reasonOf(entry, byName.get(entry.feature))),
    ...(words.length === 0 ? [] : [textReason(text, words)]),
  ];
  const total = grouped.reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
  return grouped
    .map((reason) => ({ ...reason, share: total === 0 ? 0 : Math.abs(reason.contribution) / total }))
    .sort((a, b) => b.share - a.share);
}

/** The reasons to show: large enough to matter, and none that a reader who knows the declared directions must disbelieve. */
export function selectReasons(
  contributions: readonly FeatureContribution[],
  features: readonly FeatureInfo[],
): SelectedReasons {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const grouped = groupReasons(contributions, features);
  const large = grouped.filter(({ share }) => share >= LEAST_SHARE);
  const reasons = large.filter((reason) => !contradicts(reason, byName.get(reason.feature)));
  return { reasons, tooSmall: grouped.length - large.length, contradicting: large.length - reasons.length };
}

/**
 * Whether a reason points against what is declared: its value lies on the safer side of typical and it increases the risk, or on the
 * riskier side and it lowers the risk. A value that is typical, missing or without a declared direction contradicts nothing.
 */
export function contradicts(
  { value, typical, contribution }: Pick<Reason, "value" | "typical" | "contribution">,
  feature: Pick<FeatureInfo, "direction"> | undefined,
): boolean {
  if (feature === undefined || feature.direction === "unknown" || value === null || typical === null) return false;
  const side = Math.sign(value - typical) * (feature.direction === "raises" ? 1 : -1);
  return side !== 0 && side * contribution < 0;
}

function reasonOf(entry: FeatureContribution, feature: FeatureInfo | undefined): Reason {
  const { unit, typical, typicalCategory } = feature ?? NO_FACTS;
  return { ...entry, unit, typical, typicalCategory, words: [], share: 0 };
}

function textReason(feature: string, words: readonly FeatureContribution[]): Reason {
  const contribution = words.reduce((sum, word) => sum + word.contribution, 0);
  const named = words
    .filter((word) => (word.value ?? 0) > 0 && word.contribution * contribution > 0)
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, MAX_WORDS)
    .map((word) => word.feature.slice(feature.length + 1));
  return { feature, value: null, category: "", ...NO_FACTS, words: named, contribution, share: 0 };
}
