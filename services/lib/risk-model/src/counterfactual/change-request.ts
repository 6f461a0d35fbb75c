/** Narrower limits of one feature for one search. What is left out stays as the model declares it. */
export interface ChangeLimit {
  readonly feature: string;
  /** True: the feature does not change, and has no other limit. */
  readonly fixed: boolean;
  /** Only values from `min` and up to `max`, both included. */
  readonly min?: number;
  readonly max?: number;
  readonly direction?: "increase" | "decrease";
  /** Only multiples of this number. Where the model declares a step, a multiple of that step. */
  readonly step?: number;
  /** Cost of a change over the whole training range, relative to other features, 0.001 to 1,000. */
  readonly cost?: number;
}

/** What is asked of a counterfactual search. */
export interface ChangeRequest {
  /** Maximum number of features that change. */
  readonly maxChanges: 1 | 2 | 3;
  /** Maximum number of answers, 1 to 5. */
  readonly maxAnswers: number;
  /** At most one per feature. */
  readonly limits: readonly ChangeLimit[];
}

/** Why a feature does not change in a search. */
export type FixedReason =
  /** The model declares it as immutable. */
  | "immutable"
  /** The request fixes it. */
  | "request"
  /** The supplier's value is not known. */
  | "missing"
  /** The trees of the model do not use it. */
  | "unused"
  /** Its limits allow no other value that the model tells from the present one. */
  | "limits"
  /** The feature is the contract text. */
  | "text";

/** A feature that does not change in a search. */
export interface FixedFeature {
  readonly feature: string;
  readonly reason: FixedReason;
}

/** A number, or the text of a category. */
export type FeatureValue = number | string;

/** The change of one feature. */
export interface FeatureChange {
  readonly feature: string;
  readonly from: FeatureValue;
  readonly to: FeatureValue;
  /** Unit of a number; "" for a category and where none is declared. */
  readonly unit: string;
  /** Part of the cost of the counterfactual. */
  readonly cost: number;
}
