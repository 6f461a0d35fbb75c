import { evaluateRows } from "@bellwether/tree-model/trees/evaluate";
import { float32AtMost, nextFloat32Above } from "@bellwether/tree-model/trees/float32";
import { outputScales } from "@bellwether/tree-model/trees/output-scales";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** The thresholds of one column of which some round to the same float32. */
export interface MergedThresholds {
  readonly column: number;
  /** Number of distinct thresholds in the file. */
  readonly thresholds: number;
  /** Number of thresholds that have the same float32 as the next lower one. */
  readonly merged: number;
  /** Pairs of neighbours with the same float32, ascending; at most 64. */
  readonly pairs: readonly (readonly [number, number])[];
}

/** Maximum share of a column's thresholds that may merge. */
const MAX_MERGED = 0.01;
/** Maximum relative change of a score, as for every comparison of two evaluations. */
const TOLERANCE = 1e-5;
const MAX_PAIRS = 64;
/** Number of rows that are moved between each pair of thresholds. */
const ROWS_PER_PAIR = 16;

/** Returns the distinct thresholds of the file, ascending, by column, of columns whose thresholds are doubles. */
function exactThresholds(model: TreeModel): ReadonlyMap<number, Float64Array> {
  const byColumn = new Map<number, Set<number>>();
  for (const tree of model.trees) {
    if (tree.exact === undefined) continue;
    for (const [node, column] of tree.feature.entries()) {
      if (column < 0 || tree.members.has(node)) continue;
      const known = byColumn.get(column) ?? new Set<number>();
      byColumn.set(column, known.add(tree.exact[node]));
    }
  }
  return new Map([...byColumn].map(([column, set]) => [column, Float64Array.from(set).sort()]));
}

/** A column with values that rounding to float32 moves to the other side of a threshold. */
export interface MovedRange {
  readonly column: number;
  readonly range: readonly [number, number];
  /** Sum of the moved parts, divided by the length of the range; above 1 where the whole range is one float32. */
  readonly share: number;
  /** A threshold of the column, with the next float32 above it: numbers between them are rounded below it. */
  readonly between: readonly [number, number];
}

/**
 * Finds the columns in which rounding numbers down to float32 moves numbers between a threshold and the next
 * float32 above it to the other side. For numbers of which float32 keeps enough digits the moved share is
 * below 1e-6 per threshold.
 * @param ranges Smallest and largest training value of each column; null where not known.
 */
export function movedRanges(
  model: TreeModel,
  ranges: readonly (readonly [number, number] | null)[],
): readonly MovedRange[] {
  return [...exactThresholds(model)].flatMap(([column, sorted]) => {
    const range = ranges[column] ?? null;
    if (range === null || !(range[1] > range[0])) return [];
    const [low, high] = range;
    const inside = [...sorted].filter((threshold) => threshold >= low && threshold <= high);
    const [first] = inside;
    if (first === undefined) return [];
    const above = (threshold: number): number => nextFloat32Above(float32AtMost(threshold));
    const moved = inside.reduce(
      (sum, threshold, at) => sum + Math.min(above(threshold), inside[at + 1] ?? Number.POSITIVE_INFINITY) - threshold,
      0,
    );
    return [{ column, range, share: moved / (high - low), between: [first, above(first)] as const }];
  });
}

/** Finds the columns in which distinct doubles became the same float32. */
export function mergedThresholds(model: TreeModel): MergedThresholds[] {
  return [...exactThresholds(model)].flatMap(([column, sorted]) => {
    const pairs = [...sorted.subarray(1)].flatMap((upper, at): (readonly [number, number])[] => {
      const lower = sorted[at];
      return float32AtMost(lower) === float32AtMost(upper) ? [[lower, upper]] : [];
    });
    if (pairs.length === 0) return [];
    return [{ column, thresholds: sorted.length, merged: pairs.length, pairs: pairs.slice(0, MAX_PAIRS) }];
  });
}

/** Whether more of a column's thresholds merged than allowed. */
export function mergesTooMany({ thresholds, merged }: MergedThresholds): boolean {
  return merged > MAX_MERGED * thresholds;
}

/**
 * Returns rows of doubles between merged thresholds: copies of `rows` with one column moved there.
 * @param rows Float32 rows `[n × features]`.
 */
export function rowsBetween(rows: Float32Array, features: number, merged: readonly MergedThresholds[]): Float64Array {
  const n = rows.length / features;
  const count = Math.min(ROWS_PER_PAIR, n);
  const moved = merged.flatMap(({ column, pairs }) =>
    pairs.flatMap(([lower, upper]) =>
      Array.from({ length: count }, (_, at) => {
        const from = Math.floor((at * n) / count) * features;
        const row = Float64Array.from(rows.subarray(from, from + features));
        row[column] = at % 2 === 0 ? upper : (lower + upper) / 2;
        return row;
      }),
    ),
  );
  const flat = new Float64Array(moved.length * features);
  for (const [at, row] of moved.entries()) flat.set(row, at * features);
  return flat;
}

/**
 * Returns the row (from 0) whose raw output changes most by rounding to float32, or null when no change
 * exceeds the tolerance.
 * @param rows Doubles `[n × features]`.
 */
export function rowChangedByRounding(model: TreeModel, rows: Float64Array): number | null {
  const { features, outputs } = model;
  if (rows.length === 0 || model.trees.every((tree) => tree.exact === undefined)) return null;
  const rounded = evaluateRows(model, Float32Array.from(rows, float32AtMost));
  const scales = outputScales(model);
  let largest = TOLERANCE;
  let worst: number | null = null;
  for (let row = 0; row < rows.length / features; row++) {
    const exact = evaluateExactly(model, rows.subarray(row * features, (row + 1) * features));
    for (let k = 0; k < outputs; k++) {
      const difference = Math.abs(exact[k] - rounded[row * outputs + k]) / scales[k];
      if (difference > largest) {
        largest = difference;
        worst = row;
      }
    }
  }
  return worst;
}

/** Returns the raw output of one row of doubles, compared with the thresholds of the file, `[outputs]`. */
function evaluateExactly(model: TreeModel, row: Float64Array): Float64Array {
  const sums = model.base.slice();
  for (const tree of model.trees) {
    let node = 0;
    while (tree.feature[node] >= 0) node = childOf(tree, node, row[tree.feature[node]]);
    for (let k = 0; k < model.outputs; k++) sums[k] += tree.value[node * model.outputs + k];
  }
  return sums;
}

function childOf(tree: Tree, node: number, x: number): number {
  const members = tree.members.get(node);
  const threshold = (tree.exact ?? tree.threshold)[node];
  const isMissing = Number.isNaN(x);
  const goesLeft = isMissing
    ? tree.defaultLeft[node] === 1
    : members === undefined
      ? x <= threshold
      : members.includes(x);
  return (goesLeft ? tree.left : tree.right)[node];
}
