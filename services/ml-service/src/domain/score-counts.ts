import type { BatchScores } from "@bellwether/scoring/batch/score-batch";
import type { ModelIdentity } from "@bellwether/scoring/model/scoring-model";
import type { SupplierScore } from "@bellwether/scoring/score/score-supplier";

/** The RPCs that score suppliers. A block of PredictStream counts as a call. */
export type ScoringRpc = "Predict" | "PredictBatch" | "PredictRows" | "PredictStream" | "Explain" | "ModelInfer";

type ScoredBatch = Pick<BatchScores, "bands" | "missingCounts">;

/** Counts what was scored, by model version. Neither function throws. */
export interface ScoreCounts {
  /** Counts a call that scored suppliers one by one. */
  suppliers(rpc: ScoringRpc, model: ModelIdentity, scores: readonly SupplierScore[], durationMs: number): void;
  /** Counts a call that scored a batch. */
  batch(rpc: ScoringRpc, model: ModelIdentity, scores: ScoredBatch, durationMs: number): void;
}
