import type { Band } from "@bellwether/contract/band-codes";
import { namedReasons } from "@bellwether/reasons/named-reasons";
import type { Reason } from "@bellwether/reasons/select-reasons";
import { type ContractQuote, contractQuotes } from "./contract-quotes.ts";
import type { FeatureNames } from "./feature-names.ts";

/** A reason of a score, as a narrative may state it. */
export interface ReasonFact {
  /** Id within the facts: "r1", "r2" and so on. */
  readonly id: string;
  /** Name of the feature in the language of the narrative, for example "late ratio". */
  readonly label: string;
  readonly direction: "increases" | "lowers";
  /**
   * Number of contributions in the same direction that are at least as large, this one included. 1: this contribution
   * is the strongest. Contributions that are not reasons are counted too, and equal contributions have the same
   * number.
   */
  readonly rank: number;
  /** The same for both directions. */
  readonly overallRank: number;
  /** The supplier's number. Null for a category, a text or a missing value. */
  readonly value: number | null;
  /** Unit of value and typical in the language of the narrative; "" when none is declared. */
  readonly unit: string;
  readonly typical: number | null;
  /** The supplier's category; "" when there is none. */
  readonly category: string;
  readonly typicalCategory: string;
  /** Words of the contract that have the effect of this reason; empty for other features. */
  readonly quotes: readonly ContractQuote[];
  /** Whether words that the contract does not have carry the effect. Left out: no. */
  readonly isAbsence?: true;
  /** Whether it is the contract, and none was sent: then nothing is said about words of it. Left out: no. */
  readonly isNotSent?: true;
}

/** Everything that a narrative may state. A narrative must not state anything else. */
export interface NarrativeFacts {
  /** Calibrated probability of the risk class, in [0, 1]. Null: no score. */
  readonly riskScore: number | null;
  readonly band: Band;
  /** Least scores of the bands medium and high, so that no shown score is on the other side of one. Left out: not known. */
  readonly bandLimits?: readonly number[];
  /** The number that a regressor predicts; null for a classifier. */
  readonly prediction: number | null;
  /** At most three reasons of each direction: those that increase the risk first, strongest first. */
  readonly reasons: readonly ReasonFact[];
  /** Names for people of the features without a value. */
  readonly missing: readonly string[];
  /** Directions of the larger contributions that are no reasons. Left out: there are none. */
  readonly unstated?: readonly ReasonFact["direction"][];
}

/** A score with its reasons, as `narrativeFacts` reads it. */
export interface NarratedScore {
  readonly riskScore: number | null;
  readonly band: Band;
  /** Left out: not known. */
  readonly bandLimits?: { readonly medium: number; readonly high: number } | null | undefined;
  readonly prediction: number | null;
  /** The reasons to show, as `selectReasons` returns them: largest first. */
  readonly reasons: readonly Reason[];
  /** The contributions of the same size that are not shown, as `selectReasons` returns them. */
  readonly unstated: readonly number[];
  /** Names of the features without a value. */
  readonly missing: readonly string[];
}

/**
 * Selects the facts of a narrative: the score, its largest reasons of both directions, and what is missing.
 * @param contractText The supplier's contract; "" when it is not known.
 * @param names Names and units of the features in the language of the narrative.
 */
export function narrativeFacts(
  { riskScore, band, bandLimits, prediction, reasons, unstated, missing }: NarratedScore,
  contractText: string,
  names: FeatureNames,
): NarrativeFacts {
  const { ups, downs } = namedReasons(reasons);
  const all = [...reasons.map(({ contribution }) => contribution), ...unstated];
  return {
    ...{ riskScore, band, prediction },
    ...(bandLimits && { bandLimits: [bandLimits.medium, bandLimits.high] }),
    reasons: [...ups, ...downs].map((reason, index) =>
      reasonFact(reason, { index, all, isMissing: missing.includes(reason.feature) }, contractText, names),
    ),
    missing: missing.map(names.nameOf),
    ...(unstated.length > 0 && { unstated: [...new Set(unstated.map(directionOf))] }),
  };
}

const directionOf = (contribution: number): ReasonFact["direction"] => (contribution > 0 ? "increases" : "lowers");

function reasonFact(
  reason: Reason,
  { index, all, isMissing }: { readonly index: number; readonly all: readonly number[]; readonly isMissing: boolean },
  contractText: string,
  names: FeatureNames,
): ReasonFact {
  const { feature, value, typical, category, typicalCategory, words, contribution } = reason;
  const direction = directionOf(contribution);
  const notSmaller = all.filter((one) => Math.abs(one) >= Math.abs(contribution));
  return {
    id: `r${index + 1}`,
    label: names.nameOf(feature),
    direction,
    rank: notSmaller.filter((one) => directionOf(one) === direction).length,
    overallRank: notSmaller.length,
    ...{ value, unit: names.unitOf(reason), typical, category, typicalCategory },
    quotes: contractQuotes(contractText, words),
    // Without a contract, the model counts each word as one that the contract does not have.
    ...(reason.isAbsence && (isMissing ? ({ isNotSent: true } as const) : { isAbsence: reason.isAbsence })),
  };
}
