import { stagedLogLoss } from "@bellwether/tree-model/trees/staged-log-loss";
import { type FitTask, fitModel, type HeldOutRows } from "./fit-model.ts";
import type { Fold } from "./folds.ts";
import { TrainingDataError } from "./training-error.ts";

/** Rows with outputs of models that were not trained on them. */
export interface CrossFit {
  /** Rows in the order of the folds, without those with too few known features for a score. */
  readonly rows: Uint32Array;
  readonly outputs: Float64Array;
  readonly labels: Uint8Array;
  /** Fold of each row. */
  readonly folds: Uint8Array;
  /** Number of trees of each model. */
  readonly trees: number;
}

/**
 * Trains one model per fold and scores the fold's held-out rows with it. A fold is left out when its training
 * rows are not sufficient. With early stopping, all models keep the number of trees with the smallest mean
 * log loss on held-out rows. The search ends when this loss has not improved for `patience` trees.
 * @param trees Number of trees to keep of each model; null: the number that early stopping finds, or all.
 */
export async function crossFit(task: FitTask, folds: readonly Fold[], trees: number | null): Promise<CrossFit> {
  const stopsEarly =
    trees === null && task.spec.trainer.kind === "gradient_boosting" && task.spec.trainer.earlyStopping !== null;
  // Early stopping compares the models of all folds. Without it, one model at a time is in memory.
  const early = stopsEarly ? folds.flatMap((fold) => fitOrSkip(task, fold) ?? []) : null;
  const kept = early === null ? (trees ?? task.spec.trainer.trees) : treesToKeep(task, early);
  const parts: { rows: Uint32Array; outputs: Float64Array }[] = [];
  for (const fitted of early ?? folds.values().map((fold) => fitOrSkip(task, fold)))
    if (fitted !== null) parts.push({ rows: fitted.rows, outputs: await fitted.outputsWith(kept) });
  const rows = Uint32Array.from(parts.flatMap((part) => [...part.rows]));
  return {
    rows,
    outputs: Float64Array.from(parts.flatMap((part) => [...part.outputs])),
    labels: Uint8Array.from(rows, (row) => task.table.labels[row]),
    folds: Uint8Array.from(parts.flatMap((part, fold) => Array.from(part.rows, () => fold))),
    trees: kept,
  };
}

function fitOrSkip(task: FitTask, { train, held }: Fold): HeldOutRows | null {
  try {
    return fitModel(task, train).heldOut(held);
  } catch (error) {
    if (error instanceof TrainingDataError) return null;
    throw error;
  }
}

function treesToKeep({ table, spec }: FitTask, fitted: readonly HeldOutRows[]): number {
  const { trainer } = spec;
  if (trainer.kind !== "gradient_boosting" || trainer.earlyStopping === null || fitted.length === 0)
    return trainer.trees;
  const sums = new Float64Array(trainer.trees);
  for (const { treeModel, rows, values } of fitted) {
    const labels = Uint8Array.from(rows, (row) => table.labels[row]);
    const losses = stagedLogLoss(treeModel, values, labels);
    for (let t = 0; t < sums.length; t++) sums[t] += losses[t] * rows.length;
  }
  let best = 0;
  for (let t = 1; t < sums.length && t - best <= trainer.earlyStopping.patience; t++)
    if (sums[t] < sums[best]) best = t;
  return best + 1;
}
