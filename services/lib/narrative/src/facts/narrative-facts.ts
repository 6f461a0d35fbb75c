import type { Band } from "@bellwether/contract/band-codes";
import { namedReasons } from "@bellwether/reasons/named-reasons";
import type { Reason } from "@bellwether/reasons/reasons";
import { type ContractQuote, contractQuotes } from "./contract-quotes.ts";
import type { FeatureNames } from "./feature-names.ts";

/** A reason of a score, as a narrative may state it. */
export interface ReasonFact {
  /** Id within the facts: "r1", "r2" and so on. */
  readonly id: string;
  /** Name of the feature in the language of the narrative, for example "late ratio". */
  readonly label: string;
  readonly direction: "increases" | "lowers";
  /** Position among the reasons with the same direction, from 1: the strongest one. */
  readonly rank: number;
  /** Position among the reasons of both directions, from 1: the strongest one. */
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
}

/** Everything that a narrative may state. Nothing else may be in it. */
export interface NarrativeFacts {
  /** Calibrated probability of the risk class, in [0, 1]. Null: no score. */
  readonly riskScore: number | null;
  readonly band: Band;
  /** The number that a regressor predicts; null for a classifier. */
  readonly prediction: number | null;
  /** At most three reasons of each direction: those that increase the risk first, strongest first. */
  readonly reasons: readonly ReasonFact[];
  /** Names for people of the features without a value. */
  readonly missing: readonly string[];
}

/** A score with its reasons, as `narrativeFacts` reads it. */
export interface NarratedScore {
  readonly riskScore: number | null;
  readonly band: Band;
  readonly prediction: number | null;
  /** The reasons to show, as `selectReasons` returns them: largest first. */
  readonly reasons: readonly Reason[];
  /** Names of the features without a value. */
  readonly missing: readonly string[];
}

/**
 * Selects the facts of a narrative: the score, its largest reasons of both directions, and what is missing.
 * @param contractText The supplier's contract; "" when it is not known.
 * @param names Names and units of the features in the language of the narrative.
 */
export function narrativeFacts(
  { riskScore, band, prediction, reasons, missing }: NarratedScore,
  contractText: string,
  names: FeatureNames,
): NarrativeFacts {
  const { ups, downs } = namedReasons(reasons);
  const factOf = (reason: Reason, index: number, rank: number): ReasonFact =>
    reasonFact(reason, { index, rank, overallRank: reasons.indexOf(reason) + 1 }, contractText, names);
  return {
    ...{ riskScore, band, prediction },
    reasons: [
      ...ups.map((reason, i) => factOf(reason, i, i + 1)),
      ...downs.map((reason, i) => factOf(reason, ups.length + i, i + 1)),
    ],
    missing: missing.map(names.nameOf),
  };
}

function reasonFact(
  reason: Reason,
  { index, rank, overallRank }: { readonly index: number; readonly rank: number; readonly overallRank: number },
  contractText: string,
  names: FeatureNames,
): ReasonFact {
  const { feature, value, typical, category, typicalCategory, words, contribution } = reason;
  return {
    id: `r${index + 1}`,
    label: names.nameOf(feature),
    direction: contribution > 0 ? "increases" : "lowers",
    ...{ rank, overallRank },
    ...{ value, unit: names.unitOf(reason), typical, category, typicalCategory },
    quotes: contractQuotes(contractText, words),
  };
}
