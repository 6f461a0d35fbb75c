/** Facts that a reader needs to judge a feature's value. */
export interface FeatureFacts {
  /** "" for categories, texts, and models that declare no unit. */
  readonly unit: string;
  /** Median of the training rows; null for a category or text, or when not known. */
  readonly typical: number | null;
  /** The most frequent category of the training rows; "" for numbers and texts. */
  readonly typicalCategory: string;
}

/** A feature of a model, with the fields that reasons need. */
export interface FeatureInfo extends FeatureFacts {
  readonly name: string;
  readonly kind: "numeric" | "category" | "text";
  /** The declared effect of a higher value on the risk. */
  readonly direction: "raises" | "lowers" | "unknown";
  /** German texts. A text that is not declared is left out. */
  readonly de?: GermanTexts;
}

/** The German name of a feature and the unit of its values. */
export interface GermanTexts {
  readonly name?: string;
  readonly unit?: string;
}

/** A feature's contribution to a score. */
export interface FeatureContribution {
  /** The feature's name, or "contract_text:term". */
  readonly feature: string;
  /** The supplier's number, or a term's weight in the text; null for a category or a missing value. */
  readonly value: number | null;
  /** The category that the model used, also when it is passed to the model as a code; "" when there is none. */
  readonly category: string;
  readonly contribution: number;
}

/** The text feature of a model whose features are not known. */
export const TEXT_FEATURE = "contract_text";
export const NO_FACTS: FeatureFacts = { unit: "", typical: null, typicalCategory: "" };
