import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import type { BatchPool } from "@bellwether/scoring/batch/batch-pool";
import { type BatchScores, scoreBatch } from "@bellwether/scoring/batch/score-batch";
import {
  type CounterfactualAnswer,
  type CounterfactualRequest,
  checkCounterfactual,
} from "@bellwether/scoring/counterfactual/find-counterfactuals";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { NotExplainableError } from "@bellwether/scoring/score/score-supplier";

/** A model that scores single suppliers in the calling thread, and batches in the threads of a pool. */
export interface ServedModel extends ScoringModel {
  /**
   * Scores many suppliers.
   * @param signal Stops the work between two chunks of rows.
   * @throws NotExplainableError, BatchQueueFullError, BatchWorkerLostError, the signal's reason
   */
  scoreBatch(
    input: ColumnarInput,
    withContributions: boolean,
    signal: AbortSignal,
    withTermWeights?: boolean,
  ): Promise<BatchScores>;
  /**
   * Searches for the smallest changes of one supplier, in a thread of the pool.
   * @param path Prefix of field paths in errors.
   * @param signal Ends the search.
   * @throws NotSearchableError, InvalidSupplierError, ChangeLimitError, NoBandError, SearchQueueFullError,
   * BatchWorkerLostError, the signal's reason
   */
  findCounterfactuals(request: CounterfactualRequest, path: string, signal: AbortSignal): Promise<CounterfactualAnswer>;
}

/**
 * Batches of at most this number of rows are scored on the event loop: one group of the explanation kernel
 * takes less time than a message to a thread.
 */
const INLINE_ROWS = 16;

/** Returns a loaded version for serving. */
export function createServedModel(model: ScoringModel, stored: StoredVersion, pool: BatchPool): ServedModel {
  const scorer = pool.scorer(stored);
  return {
    ...model,
    async scoreBatch(input, withContributions, signal, withTermWeights = false) {
      if (withContributions && model.explainer === null) throw new NotExplainableError(model);
      if (input.rows <= INLINE_ROWS) return await scoreBatch(model, input, withContributions, withTermWeights);
      return await scorer.score(input, withContributions, signal, withTermWeights);
    },
    async findCounterfactuals(request, path, signal) {
      await checkCounterfactual(model, request, path);
      return await scorer.findCounterfactuals(request, path, signal);
    },
    async release() {
      scorer.release();
      await model.release();
    },
  };
}
