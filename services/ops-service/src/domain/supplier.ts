import type { Band } from "@bellwether/contract/band-codes";
import type { ScoreExplanation } from "./explain-score.ts";
import type { ScoredBy } from "./run.ts";

/** A supplier's score of one complete run. */
export interface SupplierScore {
  readonly runId: number;
  readonly isoWeek: string;
  /** In [0, 1]; null when the band is unknown. */
  readonly riskScore: number | null;
  readonly band: Band;
  /** Since the run before; null: there is none. */
  readonly change: number | null;
  readonly impact: number | null;
  /** Null: a score of a history. In lists with the largest contributions only. */
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
  /** Empty: no run is complete. */
  readonly modelName: string;
  /** All models with a complete run, by name. */
  readonly modelNames: readonly string[];
}

/** A supplier with its scores by one model, newest first. */
export interface SupplierHistory {
  readonly supplier: Supplier;
  readonly history: readonly SupplierScore[];
  /** Empty: no run is complete. */
  readonly modelName: string;
  /** All models that have scored the supplier, by name. */
  readonly scoredByModels: readonly string[];
}

/** Conditions of a list; all hold together. `after`: run, impact and number of the previous page's last supplier. */
export interface SupplierQuery {
  readonly band?: Band;
  readonly region?: string;
  readonly category?: string;
  /** Empty: the default of `chooseModel`. */
  readonly modelName: string;
  readonly after?: { readonly runId: number; readonly impact: number; readonly number: number };
}
