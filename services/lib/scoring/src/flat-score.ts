import type { SupplierScore } from "./score-supplier.ts";

/** A score in the monolith's shape, snake_case. */
export interface FlatScore {
  readonly supplier_id: string;
  readonly risk_score: number | null;
  readonly band: string;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly top_features: readonly {
    readonly feature: string;
    readonly value: number | string | null;
    readonly contribution: number;
  }[];
  readonly model_version: string;
  readonly missing_features: readonly string[];
  readonly warnings: readonly { readonly code: string; readonly feature: string; readonly message: string }[];
}

/** @param top Features to name at most. */
export function flatScore(supplierId: string, score: SupplierScore, top: number): FlatScore {
  return {
    supplier_id: supplierId,
    risk_score: score.riskScore,
    band: score.band,
    probabilities: Object.fromEntries(score.probabilities.map(({ label, probability }) => [label, probability])),
    top_features: score.contributions.slice(0, top).map(({ feature, value, category, contribution }) => ({
      feature,
      value: value ?? (category || null),
      contribution,
    })),
    model_version: score.model.version,
    missing_features: score.missing,
    warnings: score.warnings.map(({ code, feature, message }) => ({ code, feature, message })),
  };
}
