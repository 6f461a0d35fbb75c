import {
  type FeatureContribution,
  type FeatureFacts,
  type FeatureInfo,
  NO_FACTS,
  TEXT_FEATURE,
} from "./feature-info.ts";

/** One feature's effect for a reader, with the feature's value and typical value. */
export interface Reason extends FeatureFacts {
  /** The feature's name; all words of a text are one feature. */
  readonly feature: string;
  /** The supplier's number. Null for a category, a text or a missing value. */
  readonly value: number | null;
  readonly category: string;
  /**
   * At most three words that a text has and whose contributions have the sign of the whole text, largest first. Empty
   * for other features, where the words of the text are not known, and with `isAbsence`.
   */
  readonly words: readonly string[];
  /** Whether the words that a text does not have carry most of its effect: then none of its words is named. Left out: no. */
  readonly isAbsence?: true;
  readonly contribution: number;
  /** Magnitude divided by the sum of all magnitudes, in [0, 1]. */
  readonly share: number;
}

/** The reasons of a score, and the number of effects that were left out. */
export interface SelectedReasons {
  /** Largest magnitude first. */
  readonly reasons: readonly Reason[];
  /** Number of effects below the smallest share that is named. */
  readonly tooSmall: number;
  /**
   * Number of effects against the declared direction, given on which side of typical the value is. They are
   * correct in the model's sum, but misleading alone.
   */
  readonly contradicting: number;
  /** The contributions of these effects: who calls a reason the largest has to compare it with them, too. */
  readonly unstated: readonly number[];
}

/** Minimum share of all effects that a reason must have to be named. */
export const LEAST_SHARE = 0.03;
const MAX_WORDS = 3;

/**
 * Returns all contributions as reasons, with the words of a text grouped, largest magnitude first. `features`
 * may be empty when not known.
 */
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

/** Returns the reasons to show: large enough to matter, and none that contradicts a declared direction. */
export function selectReasons(
  contributions: readonly FeatureContribution[],
  features: readonly FeatureInfo[],
): SelectedReasons {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const grouped = groupReasons(contributions, features);
  const large = grouped.filter(({ share }) => share >= LEAST_SHARE);
  const reasons = large.filter((reason) => !contradicts(reason, byName.get(reason.feature)));
  const unstated = large.filter((reason) => !reasons.includes(reason)).map(({ contribution }) => contribution);
  return { reasons, tooSmall: grouped.length - large.length, contradicting: unstated.length, unstated };
}

/**
 * Whether a reason contradicts the declared direction: its value is on the safer side of typical and it
 * increases the risk, or on the riskier side and it lowers the risk. A value that is typical, missing or
 * without a declared direction contradicts nothing.
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
  const agreeing = words.filter((word) => word.contribution * contribution > 0);
  const present = agreeing.filter(({ value }) => (value ?? 0) > 0);
  const isAbsence = sumOf(agreeing.filter(({ value }) => value === 0)) > sumOf(present);
  const named = present
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, MAX_WORDS)
    .map((word) => word.feature.slice(feature.length + 1));
  const shown = isAbsence ? ({ words: [], isAbsence } as const) : { words: named };
  return { feature, value: null, category: "", ...NO_FACTS, ...shown, contribution, share: 0 };
}

const sumOf = (words: readonly FeatureContribution[]): number =>
  words.reduce((sum, { contribution }) => sum + Math.abs(contribution), 0);
