import { applyLinkToRows } from "@bellwether/tree-model/trees/apply-link";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { outputScales } from "@bellwether/tree-model/trees/output-scales";
import type { Link, TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** The largest difference between two evaluations of one model on the same rows. */
export interface Agreement {
  readonly rows: number;
  /**
   * Largest |own prediction − other prediction|, relative to the magnitude of the model's leaf sums (see
   * `outputScales`).
   */
  readonly maxRelativeDifference: number;
}

/**
 * Maximum difference. A model with a larger difference is rejected. ONNX Runtime sums in float32, with an
 * error of about 5e-6 at 300 trees.
 */
const TOLERANCE = 1e-5;

/** Whether two evaluations differ only by rounding. */
export function agrees(agreement: Agreement): boolean {
  return agreement.maxRelativeDifference <= TOLERANCE;
}

/**
 * Returns the predictions of the canonical model for rows, `[n × outputs]`, after the model's link function.
 */
export function predictRows(model: TreeModel, rows: Float32Array): Float64Array {
  return applyLinkToRows(model.link, evaluateRows(model, rows), model.outputs);
}

/** Returns one column of row-major values; null: all columns. */
export function pickColumn(values: ArrayLike<number>, width: number, column: number | null): Float64Array {
  const all = Float64Array.from(values);
  return column === null ? all : all.filter((_, at) => at % width === column);
}

/**
 * Compares predictions. Lists of different lengths have an infinite difference.
 * @param scales The scale of each output; a difference is divided by it.
 */
export function measureAgreement(
  rows: number,
  ours: Float64Array,
  theirs: Float64Array,
  scales: PredictionScales,
): Agreement {
  if (ours.length !== theirs.length) return { rows, maxRelativeDifference: Number.POSITIVE_INFINITY };
  let largest = 0;
  for (const [at, value] of ours.entries()) {
    largest = Math.max(largest, relativeDifference(value, theirs[at], scales, at));
  }
  return { rows, maxRelativeDifference: largest };
}

/** Scales that the differences of a model's predictions are divided by. */
export interface PredictionScales {
  readonly link: Link;
  /** One scale for each output compared. */
  readonly outputs: Float64Array;
}

/** Returns the scales of all outputs, or of the output at `column`. */
export function predictionScales(model: TreeModel, column: number | null): PredictionScales {
  const all = outputScales(model);
  return { link: model.link, outputs: column === null ? all : all.slice(column, column + 1) };
}

/**
 * Returns |ours − theirs| ÷ scale; 0 for equal values, also for equal infinities and for two NaN. A
 * probability has a scale of at least 1, because it is rounded relative to 1. After the link function "exp"
 * the scale is multiplied by the prediction: an error of the leaf sum becomes a relative error of its
 * exponential.
 * @param at Index in the list of predictions, row-major.
 */
export function relativeDifference(ours: number, theirs: number, scales: PredictionScales, at: number): number {
  if (Object.is(ours, theirs) || ours === theirs) return 0;
  const { link, outputs } = scales;
  const scale = outputs[at % outputs.length];
  // Both predictions overflow or underflow float32, or round to the same float32.
  if (link === "exp" && Math.fround(ours) === Math.fround(theirs)) return 0;
  const due = link === "identity" ? scale : link === "exp" ? Math.max(1, scale) * Math.abs(theirs) : Math.max(1, scale);
  const difference = Math.abs(ours - theirs) / due;
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}
