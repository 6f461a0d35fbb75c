import type { FeatureSpec } from "@bellwether/config/model-spec";
import type { TrainingProfile } from "@bellwether/drift/profile/training-profile";
import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";

/**
 * Statistics of a numeric feature in the training rows. A value outside [min, max] causes a warning; the
 * median replaces missing values.
 */
export interface NumericTraining {
  readonly min: number;
  readonly max: number;
  readonly median: number;
}

/** A feature with its statistics in the training rows. */
export interface BundleFeature extends FeatureSpec {
  /** Statistics of a number in the training rows. Null for a category. */
  readonly training: NumericTraining | null;
  /** Values that have a column of their own, the most frequent first; empty for a number. */
  readonly categories: readonly string[];
  /**
   * Codes that the model knows, and their texts. Only a numeric feature that holds the code of a category has
   * this field; a caller may then send the code or the text.
   */
  readonly codes?: CategoryCodes;
  /**
   * True: the scorecard has no points for the feature. It does not count for `minimumPresent`, and every category is
   * known. Only a scorecard has this field.
   */
  readonly unused?: true;
}

/** One column of the model's input row. */
export type BundleColumn =
  | { readonly kind: "numeric"; readonly feature: string }
  | { readonly kind: "category"; readonly feature: string; readonly category: string }
  | { readonly kind: "term"; readonly feature: string; readonly term: string };

/** TF-IDF vocabulary. Term weights are `tf × idf`, scaled to unit length per text. */
export interface BundleText {
  readonly feature: string;
  readonly stopWords: "english" | "none";
  /** As the configuration declares it. */
  readonly de?: { readonly name?: string };
  readonly terms: readonly string[];
  readonly idf: readonly number[];
}

/** Maps the model's margin or raw probability to a calibrated probability. */
export type Calibration =
  | { readonly kind: "none" }
  /** Adds a constant to the log-odds: scores are right on average and keep the model's spread. */
  | { readonly kind: "intercept"; readonly intercept: number }
  | { readonly kind: "platt"; readonly slope: number; readonly intercept: number }
  | { readonly kind: "isotonic"; readonly x: readonly number[]; readonly y: readonly number[] };

/** What the contributions are measured against. */
export type Explanation =
  | { readonly kind: "path-dependent"; readonly background: string }
  | {
      readonly kind: "interventional";
      readonly background: string;
      readonly rows: readonly (readonly (number | null)[])[];
    }
  | { readonly kind: "none"; readonly background: string };

/** A row (null = NaN) with its recorded output, checked whenever the model is loaded. */
export interface GoldenRow {
  readonly row: readonly (number | null)[];
  /** Output of the runtime, exactly as float32. */
  readonly output: number;
  /** Calibrated score of the output; null for a raw regressor. Bundles of earlier releases do not have it. */
  readonly riskScore?: number | null;
}

/**
 * Everything that converts a supplier to the input tensor of `model.onnx`, and its output to a score. Stored
 * as `feature_bundle.json` with its keys in this order.
 */
export interface FeatureBundle {
  readonly format: "bellwether.feature-bundle/1";
  readonly modelName: string;
  readonly modelKind: "gradient_boosting" | "random_forest" | "imported" | "scorecard";
  readonly configHash: string;
  readonly features: readonly BundleFeature[];
  readonly columns: readonly BundleColumn[];
  /**
   * How a number is rounded to the float32 of the row. "down": to the largest float32 at or below, for models
   * whose trainer compared doubles. Their thresholds are rounded in the same way, so that a number on a
   * threshold stays on its side. Unset: to the nearest.
   */
  readonly rounding?: "down";
  readonly text: BundleText | null;
  /** Share of the features that must be known for a score, 0 to 1; of a scorecard, of the features with points. */
  readonly minimumPresent: number;
  /**
   * "margin": log-odds, before the logistic link function; "probability": already in [0, 1]; "raw": the
   * number of a regressor.
   */
  readonly outputSpace: "margin" | "probability" | "raw";
  /**
   * "exp": the number that a regressor predicts is the exponential of its output (Poisson, gamma, Tweedie). Unset:
   * the number is the output itself.
   */
  readonly link?: "exp";
  /**
   * Output of one point of a scorecard, above 0: the output, the base value and each contribution are whole multiples.
   * Only a scorecard has this field.
   */
  readonly outputPerPoint?: number;
  /**
   * "class-margin": the contributions add up to the sum of the trees of the risk class, before the softmax over three
   * or more classes. The model's output is the probability after the softmax. Unset: the contributions add up to the
   * output.
   */
  readonly explains?: "class-margin";
  readonly classes: { readonly risk: string; readonly other: string };
  readonly calibration: Calibration;
  readonly bands: { readonly high: number; readonly medium: number };
  readonly explanation: Explanation;
  readonly golden: readonly GoldenRow[];
  readonly seed: number;
  /**
   * Distributions of the features and of the score in the training data, with which weekly runs are compared. Unset:
   * a model that was imported without training rows, or a bundle of an earlier release.
   */
  readonly trainingProfile?: TrainingProfile;
}
