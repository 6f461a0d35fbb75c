import type { ReasonFact } from "../facts/narrative-facts.ts";
import type { Comparison } from "../facts/reason-values.ts";

/** What the claims of a sentence say of one feature, beside its direction. */
export interface FeatureDetails {
  readonly reason: ReasonFact;
  /** The value with its unit, or the category. Undefined: not claimed. */
  readonly value: string | undefined;
  readonly typical: string | undefined;
  readonly compared: Comparison | undefined;
  /** Whether it is claimed to have no value. */
  readonly isMissing: boolean;
  /** Claimed words of the contract. */
  readonly quotes: readonly string[];
}

/** Features that increase the risk, or lower it, as one clause names them. */
export interface Influence {
  readonly direction: ReasonFact["direction"];
  /** Whether the first features are called the strongest of their direction. */
  readonly isStrongest: boolean;
  readonly first: readonly FeatureDetails[];
  /** The features that follow in strength. */
  readonly followers: readonly FeatureDetails[];
  /** The features whose strength is not claimed. */
  readonly others: readonly FeatureDetails[];
}

/** How an influence is related with what the narrative has said before. */
export type Relation = "first" | "also" | "contrast";

/** The sentences of one language, without the full stop at their end. Variants are chosen by a number. */
export interface Wordings {
  readonly and: string;
  readonly score: (supplierId: string, score: string, variant: number) => string;
  readonly scoreAndBand: (supplierId: string, score: string, band: string, variant: number) => string;
  readonly band: (supplierId: string, band: string) => string;
  readonly influence: (influence: Influence, relation: Relation, variant: number) => string;
  /** Two influences of different directions. */
  readonly both: (first: Influence, second: Influence) => string;
  /** What is claimed of a feature whose direction is not. */
  readonly feature: (details: FeatureDetails) => string;
  readonly order: (labels: readonly string[]) => string;
  readonly strongestOfAll: (labels: readonly string[]) => string;
  readonly missing: (features: readonly string[]) => string;
  readonly nothing: (direction: ReasonFact["direction"]) => string;
  /** Joins sentences of the same kind into one. */
  readonly joined: (sentences: readonly string[]) => string;
}
