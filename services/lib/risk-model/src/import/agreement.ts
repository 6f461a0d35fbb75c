import { applyLinkToRows } from "../trees/apply-link.ts";
import { evaluateRows } from "../trees/evaluate.ts";
import type { TreeModel } from "../trees/tree-model.ts";

/** How far two evaluations of one model were apart on the same rows. */
export interface Agreement {
  readonly rows: number;
  /** Largest |ours − theirs| ÷ max(1, |theirs|). */
  readonly maxRelativeDifference: number;
}

/** Above this difference a model is refused; ONNX Runtime sums in float32, which costs about 5e-6 at 300 trees. */
export const AGREEMENT_TOLERANCE = 1e-5;

/**
 * Holds the model's predictions against the runtime's.
 * @param theirs `[rows × columns]`, row-major.
 * @param column The one column of theirs that the model's one output reproduces; null: all columns.
 */
export function measureAgreement(
  model: TreeModel,
  rows: Float32Array,
  theirs: ArrayLike<number>,
  column: number | null,
): Agreement {
  const ours = applyLinkToRows(model.link, evaluateRows(model, rows), model.outputs);
  const count = rows.length / model.features;
  const width = theirs.length / count;
  let largest = Number.isInteger(width) && (column !== null || width === model.outputs) ? 0 : Number.POSITIVE_INFINITY;
  for (const [at, value] of ours.entries()) {
    const row = Math.floor(at / model.outputs);
    const peer = theirs[row * width + (column ?? at % model.outputs)] ?? Number.NaN;
    if (Object.is(value, peer) || value === peer) continue;
    const difference = Math.abs(value - peer) / Math.max(1, Math.abs(peer));
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return { rows: count, maxRelativeDifference: largest };
}
