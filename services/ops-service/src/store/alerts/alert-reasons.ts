import { alertReasons, type ExplainedReason, explainScore } from "../../domain/scores/explain-score.ts";
import type { Db } from "../database.ts";
import { readStoredScores, scoreKey } from "../scores/stored-scores.ts";
import type { AlertView } from "./alerts.ts";

/**
 * Adds the reasons to alerts. They come from the run that last evaluated the alert, so they always explain
 * the score of the alert.
 */
export async function withReasons<V extends Pick<AlertView, "alert">>(
  db: Db,
  views: readonly V[],
): Promise<(V & { readonly reasons: readonly ExplainedReason[] })[]> {
  const keys = views.map(({ alert }) => ({ runId: alert.lastRunId, supplier: alert.supplierId }));
  const stored = await readStoredScores(db, keys);
  return views.map((view, i) => {
    const found = keys[i] && stored.get(scoreKey(keys[i]));
    return { ...view, reasons: found ? alertReasons(explainScore(found)) : [] };
  });
}
