import type { Band } from "@bellwether/contract/band-codes";
import { calibratedRisk, predictedNumber } from "@bellwether/risk-model/calibrate/calibration";
import type { SupplierInput } from "@bellwether/risk-model/features/supplier-input";
import type { VectorWarning, Violation } from "@bellwether/risk-model/features/vector";
import type { ModelIdentity, ScoringModel } from "../model/scoring-model.ts";
import { bandOf } from "./band-of-score.ts";
import { type FeatureContribution, featureContributions } from "./feature-contributions.ts";

/** A supplier's score; numbers are null when the band is unknown. */
export interface SupplierScore {
  /** Calibrated probability of the risk class, in [0, 1]. */
  readonly riskScore: number | null;
  readonly band: Band;
  /** Class and calibrated probability; empty when the band is unknown. */
  readonly probabilities: readonly { readonly label: string; readonly probability: number }[];
  /** Model output before calibration, or the margin of the risk class that contributions add up to. */
  readonly output: number | null;
  /** The number that a regressor predicts; null for a classifier, and when too few features are known. */
  readonly prediction: number | null;
  /** The requested contributions, largest first; empty when the band is unknown or the model has no explanation. */
  readonly contributions: readonly FeatureContribution[];
  readonly missing: readonly string[];
  readonly warnings: readonly VectorWarning[];
  readonly model: ModelIdentity;
}

/** A score with the numbers that it was computed from and with. */
export interface ComputedScore extends SupplierScore {
  /** The model's row, float32 `[columns]`. */
  readonly row: Float32Array;
  /** One contribution per column. Null: none were computed. */
  readonly columnContributions: Float32Array | null;
}

/** The supplier cannot be scored; carries all violations. */
export class InvalidSupplierError extends Error {
  override readonly name = "InvalidSupplierError" as const;
  readonly reason: string;
  readonly violations: readonly Violation[];
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
  constructor(violations: readonly Violation[]) {
    super(
      violations
        .slice(0, 5)
        .map((violation) => `${violation.field}: ${violation.message}`)
        .join("; ") + (violations.length > 5 ? `; and ${violations.length - 5} more` : ""),
    );
    this.reason = violations[0]?.reason ?? "FEATURE_UNKNOWN";
    this.violations = violations;
    this.fieldViolations = violations.map(({ field, message }) => ({ field, description: message }));
  }
}

/** The model has no explanation. The message states why, and how to get one. */
export class NotExplainableError extends Error {
  override readonly name = "NotExplainableError" as const;
  constructor({ identity, bundle }: Pick<ScoringModel, "identity" | "bundle">) {
    super(`${identity.name} ${identity.version} has no contributions: ${bundle.explanation.background}`);
  }
}

/**
 * Scores one supplier. Suppliers of the same callback of the event loop are computed together.
 * @param path Prefix of field paths in errors, for example "supplier".
 * @param top Maximum number of contributions. Default: all.
 * @throws InvalidSupplierError for unknown, infinite or impossible features.
 */
export async function scoreSupplier(
  model: ScoringModel,
  supplier: SupplierInput,
  path: string,
  top = Number.POSITIVE_INFINITY,
): Promise<ComputedScore> {
  const { bundle, identity } = model;
  const vector = model.vectorizer.vectorize(supplier, path);
  if (vector.violations.length > 0) throw new InvalidSupplierError(vector.violations);
  const { missing, warnings } = vector;
  if (!vector.enough) {
    return {
      riskScore: null,
      band: "unknown",
      probabilities: [],
      output: null,
      prediction: null,
      contributions: [],
      missing,
      warnings,
      model: identity,
      row: vector.row,
      columnContributions: null,
    };
  }
  const { output, margin, contributions } = await model.scoreRow(vector.row, top > 0);
  const risk = calibratedRisk(bundle, output);
  const known = !Number.isNaN(risk);
  return {
    riskScore: known ? risk : null,
    band: known ? bandOf(risk, bundle.bands) : "unknown",
    probabilities: known
      ? [
          { label: bundle.classes.risk, probability: risk },
          { label: bundle.classes.other, probability: 1 - risk },
        ]
      : [],
    output: margin,
    prediction: predictedNumber(bundle, output),
    contributions:
      contributions === null ? [] : featureContributions(bundle, vector.row, contributions, vector.features, top),
    missing,
    warnings,
    model: identity,
    row: vector.row,
    columnContributions: contributions,
  };
}
