import type { Band } from "@bellwether/contract/band-codes";
import type { ScoreExplanation } from "./explain-score.ts";
import type { ScoredBy } from "./run.ts";

/** A supplier's score in one complete run. */
export interface SupplierScore {
  readonly runId: number;
  readonly isoWeek: string;
  /** Calibrated score, in [0, 1]; null when the band is unknown. */
  readonly riskScore: number | null;
  readonly band: Band;
  /** Change since the model's previous run. Null: there is no score to compare with. */
  readonly change: number | null;
  readonly impact: number | null;
  /**
   * In lists of suppliers, the explanation has only the largest contributions. Null: the score is part of a
   * history.
   */
  readonly explanation: ScoreExplanation | null;
  readonly scoredBy: ScoredBy | null;
  readonly completedAt: Date | null;
}

/** A supplier with its latest score by one model, and that model's alerts. */
export interface Supplier {
  readonly number: number;
  readonly supplierId: string;
  readonly name: string;
  readonly region: string;
  readonly category: string;
  readonly exposure: number | null;
  readonly activeAlerts: number;
  readonly latestScore: SupplierScore | null;
}

/** A list of the suppliers of one run. */
export interface SupplierList {
  readonly suppliers: readonly Supplier[];
  /** Name of the model whose scores are listed. Empty: no run is complete. */
  readonly modelName: string;
  /** All models with a complete run, in alphabetical order. */
  readonly modelNames: readonly string[];
}

/** A supplier with its scores by one model, newest first. */
export interface SupplierHistory {
  readonly supplier: Supplier;
  readonly history: readonly SupplierScore[];
  /** Name of the model whose scores are returned. Empty: no run is complete. */
  readonly modelName: string;
  /** All models that have scored the supplier, in alphabetical order. */
  readonly scoredByModels: readonly string[];
}

/**
 * Conditions of a list; a supplier must meet all of them. `after`: run id, impact and number of the last
 * supplier of the previous page.
 */
export interface SupplierQuery {
  readonly band?: Band;
  readonly region?: string;
  readonly category?: string;
  /** Name of the model whose scores are listed. Empty: the default model of `chooseModel`. */
  readonly modelName: string;
  readonly after?: { readonly runId: number; readonly impact: number; readonly number: number };
}
