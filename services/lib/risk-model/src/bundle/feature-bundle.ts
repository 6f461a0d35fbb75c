import type { FeatureSpec } from "@bellwether/config/model-spec";
import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";

/** What training saw of a numeric feature; a value outside [min, max] earns a warning, the median fills gaps. */
export interface NumericTraining {
  readonly min: number;
  readonly max: number;
  readonly median: number;
}

/** A feature with what training saw of it. */
export interface BundleFeature extends FeatureSpec {
  /** Null on categories. */
  readonly training: NumericTraining | null;
  /** Values that have a column of their own, by falling frequency; empty on numbers. */
  readonly categories: readonly string[];
  /** Set on a number that is a category's code: which codes the model knows, and their texts, which may be sent instead. */
  readonly codes?: CategoryCodes;
}

/** One column of the model's input row. */
export type BundleColumn =
  | { readonly kind: "numeric"; readonly feature: string }
  | { readonly kind: "category"; readonly feature: string; readonly category: string }
  | { readonly kind: "term"; readonly feature: string; readonly term: string };

/** TF-IDF vocabulary: term weights are `tf × idf`, then scaled to unit length per text. */
export interface BundleText {
  readonly feature: string;
  readonly stopWords: "english" | "none";
  readonly terms: readonly string[];
  readonly idf: readonly number[];
}

/** Maps the model's margin or raw probability to a calibrated probability. */
export type Calibration =
  | { readonly kind: "none" }
  /** Log-odds moved by a constant: right on average, spread as the model has it. */
  | { readonly kind: "intercept"; readonly intercept: number }
  | { readonly kind: "platt"; readonly slope: number; readonly intercept: number }
  | { readonly kind: "isotonic"; readonly x: readonly number[]; readonly y: readonly number[] };

/** What contributions are measured against. */
export type Explanation =
  | { readonly kind: "path-dependent"; readonly background: string }
  | {
      readonly kind: "interventional";
      readonly background: string;
      readonly rows: readonly (readonly (number | null)[])[];
    }
  | { readonly kind: "none"; readonly background: string };

/** A row with its recorded answer, null = NaN; checked whenever the model is loaded. */
export interface GoldenRow {
  readonly row: readonly (number | null)[];
  /** Output of the runtime, exactly as float32. */
  readonly output: number;
  /** The calibrated score of the output, null for a raw regressor; bundles of earlier releases lack it. */
  readonly riskScore?: number | null;
}

/**
 * Everything between a supplier and `model.onnx`'s tensor, and between its output and a score.
 * Stored as `feature_bundle.json`, keys in this order.
 */
export interface FeatureBundle {
  readonly format: "bellwether.feature-bundle/1";
  readonly modelName: string;
  readonly modelKind: "gradient_boosting" | "random_forest" | "imported";
  readonly configHash: string;
  readonly features: readonly BundleFeature[];
  readonly columns: readonly BundleColumn[];
  /**
   * How a number becomes the float32 of the row. "down": the largest float32 at or below, for models whose trainer compared doubles;
   * their thresholds are rounded alike, so that a number on a threshold stays on its side. Left out: the nearest.
   */
  readonly rounding?: "down";
  readonly text: BundleText | null;
  readonly minimumPresent: number;
  /** "margin": log-odds, a logistic link follows; "probability": already in [0, 1]; "raw": a regressor. */
  readonly outputSpace: "margin" | "probability" | "raw";
  readonly classes: { readonly risk: string; readonly other: string };
  readonly calibration: Calibration;
  readonly bands: { readonly high: number; readonly medium: number };
  readonly explanation: Explanation;
  readonly golden: readonly GoldenRow[];
  readonly seed: number;
}
