/** What a missing value does: refuses the supplier, reaches the trees as NaN, or takes the training median. */
export type MissingPolicy = "refuse" | "keep" | "median";

/** A feature as the model's configuration declares it. */
export interface FeatureSpec {
  readonly name: string;
  readonly kind: "numeric" | "category";
  /** Unit of a number, for people: "usd", "days", "share". */
  readonly unit: string;
  /** Physically possible values, both ends allowed; a number outside is refused. Null on categories. */
  readonly range: readonly [number, number] | null;
  readonly missing: MissingPolicy;
  /** What a higher value does to the risk as far as is known beforehand. */
  readonly direction: "raises" | "lowers" | "unknown";
  /** Whether training holds the score to the direction: a higher value never moves it the other way. */
  readonly monotone: boolean;
  /** True: a counterfactual may not change it. */
  readonly immutable: boolean;
}

/** The contract text as features: TF-IDF of its most frequent terms. */
export interface TextSpec {
  readonly name: string;
  /** Terms kept at most, 1 to 500. */
  readonly maxTerms: number;
  readonly stopWords: "english" | "none";
}

/** What a positive row weighs: 1, as much as makes both classes weigh the same, or this number. */
export type ClassWeight = "none" | "balanced" | number;

/** Gradient boosting of depth-wise trees on 256-bin histograms, log loss. */
export interface BoostingSpec {
  readonly kind: "gradient_boosting";
  readonly trees: number;
  readonly maxDepth: number;
  readonly learningRate: number;
  readonly l2: number;
  readonly minChildWeight: number;
  /** Share of rows each tree sees, in (0, 1]. */
  readonly subsample: number;
  /** Share of columns each tree sees, in (0, 1]. */
  readonly columnSample: number;
  readonly classWeight: ClassWeight;
  /** Trees without a better out-of-fold log loss after which the rest is dropped; null: all trees are kept. */
  readonly earlyStopping: { readonly patience: number } | null;
}

/** Random forest on the same histograms: bootstrap weights, columns drawn per node. */
export interface ForestSpec {
  readonly kind: "random_forest";
  readonly trees: number;
  /** 0: unlimited. */
  readonly maxDepth: number;
  readonly minLeaf: number;
  /** Share of columns each node may choose from, in (0, 1]. */
  readonly columnSample: number;
  readonly classWeight: ClassWeight;
}

/** How rows become training, calibration and test rows. */
export interface SplitSpec {
  /** "time": test rows are the latest; "supplier": no supplier on both sides. */
  readonly by: "time" | "supplier";
  /** Share of rows (supplier split) or of the time span's end (time split without `testFrom`) that test. */
  readonly testShare: number;
  /** Test rows have their as-of date on or after this day, ISO date. Null: from `testShare`. */
  readonly testFrom: string | null;
  /** Rows whose label window reaches into the test period are purged; this many days are added to the window. */
  readonly gapDays: number;
  /** Length of the label's window in days, 0 when the label has none. */
  readonly horizonDays: number;
  /** Share of suppliers held out of training for calibration; null: calibration is out of fold and all rows train. */
  readonly calibrationShare: number | null;
}

/** A model as `config/model_config.yaml` declares it. */
export interface ModelSpec {
  readonly name: string;
  readonly features: readonly FeatureSpec[];
  readonly text: TextSpec | null;
  readonly target: {
    /** Column of the label in the mapped table: 1 = the risk came true. */
    readonly name: string;
    /** Name of the class that is the risk, and of its opposite. */
    readonly riskClass: string;
    readonly otherClass: string;
  };
  /** Limits of the bands on the calibrated score, 0 < medium < high < 1. */
  readonly bands: { readonly high: number; readonly medium: number };
  /** Smallest share of features (text apart) that must be present for a score; below it the band is UNKNOWN. */
  readonly minimumPresent: number;
  readonly trainer: BoostingSpec | ForestSpec;
  readonly split: SplitSpec;
  readonly seed: number;
}
