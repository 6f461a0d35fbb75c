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
const TOLERANCE = 1e-5;

/** Whether two evaluations are the same but for rounding. */
export function agrees(agreement: Agreement): boolean {
  return agreement.maxRelativeDifference <= TOLERANCE;
}

/** Our own predictions of rows, `[n × outputs]`, behind the model's link. */
export function predictRows(model: TreeModel, rows: Float32Array): Float64Array {
  return applyLinkToRows(model.link, evaluateRows(model, rows), model.outputs);
}

/** One column of row-major values; null: all of them. */
export function pickColumn(values: ArrayLike<number>, width: number, column: number | null): Float64Array {
  const all = Float64Array.from(values);
  return column === null ? all : all.filter((_, at) => at % width === column);
}

/** Holds predictions against the runtime's; lists of unequal length do not agree at all. */
export function measureAgreement(rows: number, ours: Float64Array, theirs: Float64Array): Agreement {
  let largest = ours.length === theirs.length ? 0 : Number.POSITIVE_INFINITY;
  for (const [at, value] of ours.entries()) {
    const peer = theirs[at] ?? Number.NaN;
    if (Object.is(value, peer) || value === peer) continue;
    const difference = Math.abs(value - peer) / Math.max(1, Math.abs(peer));
    largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return { rows, maxRelativeDifference: largest };
}
