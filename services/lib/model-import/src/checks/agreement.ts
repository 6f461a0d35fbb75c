import { applyLinkToRows } from "@bellwether/tree-model/trees/apply-link";
import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { outputScales } from "@bellwether/tree-model/trees/output-scales";
import type { Link, TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** How far two evaluations of one model were apart on the same rows. */
export interface Agreement {
  readonly rows: number;
  /** Largest |ours − theirs|, relative to what the model's leaves can add up to (see `outputScales`). */
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

/**
 * Compares predictions; lists of unequal length do not agree at all.
 * @param scales What a difference is relative to, output by output, repeated row by row.
 */
export function measureAgreement(
  rows: number,
  ours: Float64Array,
  theirs: Float64Array,
  scales: PredictionScales,
): Agreement {
  let largest = ours.length === theirs.length ? 0 : Number.POSITIVE_INFINITY;
  for (const [at, value] of ours.entries()) {
    largest = Math.max(largest, relativeDifference(value, theirs[at] ?? Number.NaN, scales, at));
  }
  return { rows, maxRelativeDifference: largest };
}

/** What differences of a model's predictions are relative to. */
export interface PredictionScales {
  readonly link: Link;
  /** One for each output compared. */
  readonly outputs: Float64Array;
}

/** Scales of all outputs, or of the one at `column`. */
export function predictionScales(model: TreeModel, column: number | null): PredictionScales {
  const all = outputScales(model);
  return { link: model.link, outputs: column === null ? all : all.slice(column, column + 1) };
}

/**
 * |ours − theirs| ÷ scale; 0 for equal values, infinities and NaN among them. A probability has a scale of at least 1, since it
 * is rounded there. The logarithm of an exponential's error is relative to the sum of the leaves, so its own error is relative to
 * its value too.
 * @param at Place in the list of predictions, row-major.
 */
export function relativeDifference(ours: number, theirs: number, scales: PredictionScales, at: number): number {
  if (Object.is(ours, theirs) || ours === theirs) return 0;
  const { link, outputs } = scales;
  const scale = outputs[at % outputs.length] ?? 1;
  // Both beyond every float32, or both below.
  if (link === "exp" && Math.fround(ours) === Math.fround(theirs)) return 0;
  const due = link === "identity" ? scale : link === "exp" ? Math.max(1, scale) * Math.abs(theirs) : Math.max(1, scale);
  const difference = Math.abs(ours - theirs) / due;
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}
