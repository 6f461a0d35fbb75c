/** What a reader needs beside a feature's value to judge it. */
export interface FeatureFacts {
  /** "" for categories, texts, and models that declare none. */
  readonly unit: string;
  /** Median of the training rows; null: a category, a text, or not known. */
  readonly typical: number | null;
  /** The most frequent category of the training rows; "" for numbers and texts. */
  readonly typicalCategory: string;
}

/** A feature of a model, as far as reasons need it. */
export interface FeatureInfo extends FeatureFacts {
  readonly name: string;
  readonly kind: "numeric" | "category" | "text";
  /** What a higher value does to the risk, as declared. */
  readonly direction: "raises" | "lowers" | "unknown";
}

/** A feature's share in a score. */
export interface FeatureContribution {
  /** The feature, or "contract_text:term". */
  readonly feature: string;
  /** The supplier's number, or a term's weight in the text; null: missing, or a category. */
  readonly value: number | null;
  /** The category the model saw, also where it is sent as a code; "" when there is none. */
  readonly category: string;
  readonly contribution: number;
}

/** The text of a model whose features are not known. */
export const TEXT_FEATURE = "contract_text";
export const NO_FACTS: FeatureFacts = { unit: "", typical: null, typicalCategory: "" };
