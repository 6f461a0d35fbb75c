/**
 * What happens to a missing value: the supplier is rejected, the trees get NaN, or the training median is
 * used.
 */
export type MissingPolicy = "refuse" | "keep" | "median";

/** How a feature is worded for people. */
export interface FeatureWording {
  /** Unit that is shown instead of the feature's unit. */
  readonly unit?: string;
  /** Factor by which values are multiplied before they are shown, above 0. */
  readonly scale?: number;
  /** Templates for a contribution that increases or lowers the risk, with {feature}, {value} and {typical}. */
  readonly increases?: string;
  readonly lowers?: string;
}

/** German texts of a feature, for narratives in German. */
export interface GermanTexts {
  /** Name of the feature, for example "Zahlungsverzug". Unset: the name of the feature. */
  readonly name?: string;
  /** Unit of its values, for example "Tage". Unset: the unit of the feature. */
  readonly unit?: string;
}

/** How a counterfactual may change a feature that is not immutable. */
export interface ChangeSpec {
  /** "any", and for a category: a value may increase and decrease. */
  readonly direction: "any" | "increase" | "decrease";
  /** Allowed new values, both ends included. Null: the range of the feature; and for a category. */
  readonly range: readonly [number, number] | null;
  /** New values are multiples of it. Null: any number; and for a category. */
  readonly step: number | null;
  /**
   * Cost of a change over the whole range of the training rows, or to another category, relative to the other
   * features.
   */
  readonly cost: number;
}

/** A feature as the model's configuration declares it. */
export interface FeatureSpec {
  readonly name: string;
  readonly kind: "numeric" | "category";
  /** Unit of a number, for people: "usd", "days", "share". */
  readonly unit: string;
  /** Physically possible values, both ends included; a number outside is rejected. Null for categories. */
  readonly range: readonly [number, number] | null;
  readonly missing: MissingPolicy;
  /** The effect of a higher value on the risk, as far as it is known in advance. */
  readonly direction: "raises" | "lowers" | "unknown";
  /** Whether training enforces the direction: a higher value never moves the score the other way. */
  readonly monotone: boolean;
  /** Whether the feature is fixed: a counterfactual may not change it. */
  readonly immutable: boolean;
  /** Unset: texts show the feature with its value and unit. */
  readonly wording?: FeatureWording;
  /** Unset: narratives in German have the name and unit above. */
  readonly de?: GermanTexts;
  /** Unset: a counterfactual may change the feature in both directions within its range, at cost 1. */
  readonly change?: ChangeSpec;
}

/** The contract text as features: TF-IDF of its most frequent terms. */
export interface TextSpec {
  readonly name: string;
  /** Maximum number of terms that are kept, 1 to 500. */
  readonly maxTerms: number;
  readonly stopWords: "english" | "none";
  /** German name of the text. Unset: narratives in German have the name above. */
  readonly de?: Pick<GermanTexts, "name">;
}

/** Weight of a positive row: 1, or the weight that makes both classes equal in sum, or this number. */
export type ClassWeight = "none" | "balanced" | number;

/** Gradient boosting of depth-wise trees on 256-bin histograms, log loss. */
export interface BoostingSpec {
  readonly kind: "gradient_boosting";
  readonly trees: number;
  readonly maxDepth: number;
  readonly learningRate: number;
  readonly l2: number;
  readonly minChildWeight: number;
  /** Share of the rows that each tree is trained on, in (0, 1]. */
  readonly subsample: number;
  /** Share of the columns that each tree is trained on, in (0, 1]. */
  readonly columnSample: number;
  readonly classWeight: ClassWeight;
  /**
   * Number of trees without a lower out-of-fold log loss after which later trees are dropped; null keeps all
   * trees.
   */
  readonly earlyStopping: { readonly patience: number } | null;
  /**
   * Lists of values. Training chooses one value of each list instead of the setting with the same name. Unset: the
   * settings are used.
   */
  readonly grid?: TrainerGrid<"maxDepth" | "learningRate" | "l2" | "minChildWeight">;
}

/** Lists of values of settings; at most 24 combinations. */
export type TrainerGrid<Setting extends string> = { readonly [K in Setting]?: readonly number[] };

/** Random forest on the same histograms: bootstrap weights, columns drawn for each node. */
export interface ForestSpec {
  readonly kind: "random_forest";
  readonly trees: number;
  /** Maximum depth of a tree; 0: unlimited. */
  readonly maxDepth: number;
  readonly minLeaf: number;
  /** Share of the columns that each node may choose from, in (0, 1]. */
  readonly columnSample: number;
  readonly classWeight: ClassWeight;
  /**
   * Lists of values. Training chooses one value of each list instead of the setting with the same name. Unset: the
   * settings are used.
   */
  readonly grid?: TrainerGrid<"maxDepth" | "minLeaf" | "columnSample">;
}

/** How rows are split into training, calibration and test rows. */
export interface SplitSpec {
  /** "time": the latest rows are test rows; "supplier": all rows of a supplier are on one side. */
  readonly by: "time" | "supplier";
  /**
   * Share of the test rows: of the rows (supplier split), or of the time span, taken from its end (time split
   * without `testFrom`).
   */
  readonly testShare: number;
  /** Test rows have their as-of date on or after this day, ISO date. Null: derived from `testShare`. */
  readonly testFrom: string | null;
  /**
   * Number of days that are added to the label window. Training rows whose window reaches into the test
   * period are purged.
   */
  readonly gapDays: number;
  /** Length of the label's window in days, 0 when the label has none. */
  readonly horizonDays: number;
  /**
   * Share of the suppliers that are not trained on but used for calibration; null: calibration is out of fold
   * and all rows are trained on.
   */
  readonly calibrationShare: number | null;
}

/** What counts as the risk of a model, and when it is known. Scores do not depend on it. */
export interface OutcomeSpec {
  /** What counts as the risk, in one sentence. Empty: not declared. */
  readonly definition: string;
  /** Length of the horizon in days, 1 to 3650: an outcome is about the days after the end of the week. */
  readonly horizonDays: number;
  /**
   * Days after the end of the horizon until a supplier without an event counts as not occurred, 0 to 3650. Null: never, because
   * events are not recorded completely.
   */
  readonly completeAfterDays: number | null;
}

/** A model as `config/model_config.yaml` declares it. */
export interface ModelSpec {
  readonly name: string;
  readonly features: readonly FeatureSpec[];
  readonly text: TextSpec | null;
  readonly target: {
    /** Column of the label in the mapped table: 1 when the risk occurred. */
    readonly name: string;
    /** Names of the risk class and of its opposite. */
    readonly riskClass: string;
    readonly otherClass: string;
  };
  /** Limits of the bands on the calibrated score, 0 < medium < high < 1. */
  readonly bands: { readonly high: number; readonly medium: number };
  /**
   * Minimum share of the features (without the text) that must be known for a score; below it the band is
   * UNKNOWN.
   */
  readonly minimumPresent: number;
  readonly trainer: BoostingSpec | ForestSpec;
  readonly split: SplitSpec;
  readonly seed: number;
  /** Unset: see `outcomesOf` of model-config.ts. */
  readonly outcomes?: OutcomeSpec;
}
