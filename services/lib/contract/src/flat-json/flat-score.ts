/**
 * The fields of a score that flat JSON shows. `bellwether.inference.v1.Score` has all of them under these
 * names.
 */
export interface ScoreParts<Code = string> {
  readonly supplierId: string;
  /** Undefined or "": no record of a call has an id of this score. */
  readonly predictionId?: string | undefined;
  /** Calibrated score. Undefined when the band is unknown. */
  readonly riskScore?: number | null | undefined;
  /** The model's output before calibration. For a regressor with an exponential link it is the logarithm of `prediction`. */
  readonly margin?: number | null | undefined;
  /** The number that a regressor predicts. Undefined for a classifier. */
  readonly prediction?: number | null | undefined;
  readonly classProbabilities: readonly { readonly label: string; readonly probability: number }[];
  readonly topContributions: readonly {
    readonly feature: string;
    readonly value?: number | null | undefined;
    /** The category that the model used. Empty when the feature is a number. */
    readonly category: string;
    readonly contribution: number;
    readonly unit?: string | undefined;
    readonly typical?: number | null | undefined;
    readonly typicalCategory?: string | undefined;
    /** Undefined: not known, shown as false. */
    readonly contradictsDirection?: boolean | undefined;
  }[];
  readonly model?: { readonly version: string } | undefined;
  readonly missingFeatures: readonly string[];
  readonly warnings: readonly { readonly code: Code; readonly feature: string; readonly message: string }[];
}

/** A score in the shape of the monolith's JSON, with snake_case names. */
export type FlatScore = {
  supplier_id: string;
  /** Id by which an outcome of the prediction is recorded and the score is computed again. Left out: there is none. */
  prediction_id?: string;
  risk_score: number | null;
  margin: number | null;
  band: string;
  /** The number that a regressor predicts; null for a classifier. */
  prediction: number | null;
  probabilities: Record<string, number>;
  top_features: {
    feature: string;
    value: number | string | null;
    contribution: number;
    /** Unit of value and typical; "" when none is declared. */
    unit: string;
    /** Median, or most frequent category, of the training rows; null when not known. */
    typical: number | string | null;
    /** Whether the contribution contradicts the declared direction of the feature, so that it is no reason for a person. */
    contradicts_direction: boolean;
  }[];
  model_version: string;
  missing_features: string[];
  warnings: { code: string; feature: string; message: string }[];
};

/**
 * @param band Name of the band in lower case. @param codeName Name of a warning's code, for example "UNKNOWN_CATEGORY".
 */
export function flatScore<Code>(
  score: ScoreParts<Code>,
  band: string,
  codeName: (code: Code) => string = String,
): FlatScore {
  return {
    supplier_id: score.supplierId,
    ...(score.predictionId && { prediction_id: score.predictionId }),
    risk_score: score.riskScore ?? null,
    margin: score.margin ?? null,
    band,
    prediction: score.prediction ?? null,
    probabilities: Object.fromEntries(score.classProbabilities.map(({ label, probability }) => [label, probability])),
    top_features: score.topContributions.map(
      ({ feature, value, category, contribution, unit, typical, typicalCategory, contradictsDirection }) => ({
        feature,
        value: value ?? (category || null),
        contribution,
        unit: unit ?? "",
        typical: typical ?? (typicalCategory || null),
        contradicts_direction: contradictsDirection ?? false,
      }),
    ),
    model_version: score.model?.version ?? "",
    missing_features: [...score.missingFeatures],
    warnings: score.warnings.map(({ code, feature, message }) => ({ code: codeName(code), feature, message })),
  };
}
