import { createRandom, type Random } from "@bellwether/risk-model/random";
import { nextFloat32Above } from "@bellwether/tree-model/trees/float32";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";

/** Restrictions on the values of some columns. They take precedence over the model's thresholds. */
export interface ColumnRules {
  /** Columns that hold integers, without NaN and infinities. */
  readonly whole: ReadonlySet<number>;
  /** Groups of 0/1 columns of which exactly one is 1. */
  readonly oneOf: readonly (readonly number[])[];
  /** Columns that hold one of a few values. */
  readonly among: ReadonlyMap<number, readonly number[]>;
}

const SEED = 20_240_607;
const RANDOM_ROWS = 96;
const THRESHOLD_ROWS = 96;
const MISSING_ROWS = 48;
const INFINITE_ROWS = 12;

/** Maximum number of thresholds that are kept per column. */
const KEPT = 64;

/**
 * Returns the rows on which two evaluations of a model must agree: random values around the thresholds,
 * values exactly on them and just above, rows along paths to single leaves, rows with missing and infinite
 * values, and rows that are all zero, missing, +∞ or −∞. The rows are the same at every call.
 * @returns Row-major `[rows × model.features]`.
 */
export function checkRows(model: TreeModel, rules: ColumnRules): Float32Array {
  const random = createRandom(SEED);
  const cuts = cutsByColumn(model);
  const { features } = model;
  const constant = (value: number): Float32Array => new Float32Array(features).fill(value);
  const rows = [
    constant(0),
    constant(Number.NaN),
    constant(Number.POSITIVE_INFINITY),
    constant(Number.NEGATIVE_INFINITY),
    ...Array.from({ length: RANDOM_ROWS }, () => cuts.map((cut) => around(cut, random))),
    ...Array.from({ length: THRESHOLD_ROWS }, (_, at) => {
      const row = Float32Array.from(cuts, (cut) => onCut(cut, random));
      if (at % 2 === 0) alongPath(model, row, random);
      return row;
    }),
    ...Array.from({ length: MISSING_ROWS }, (_, at) => {
      const row = Float32Array.from(cuts, (cut) => (random.uniform() < 0.3 ? Number.NaN : around(cut, random)));
      if (at % 2 === 0) alongPath(model, row, random, Number.NaN);
      return row;
    }),
    ...Array.from({ length: INFINITE_ROWS }, () => {
      const infinite = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
      return cuts.map((cut) => (random.uniform() < 0.4 ? infinite[random.below(3)] : onCut(cut, random)));
    }),
  ];
  const flat = new Float32Array(rows.length * features);
  for (const [at, row] of rows.entries()) flat.set(obey(Float32Array.from(row), rules, random), at * features);
  return flat;
}

/** Returns up to `KEPT` thresholds and set members of each column, ascending. */
function cutsByColumn(model: TreeModel): Float32Array[] {
  const cuts = Array.from({ length: model.features }, () => new Set<number>());
  for (const tree of model.trees) {
    for (const [node, feature] of tree.feature.entries()) {
      const set = cuts[feature];
      if (set === undefined || set.size >= KEPT) continue;
      const members = tree.members.get(node);
      if (members === undefined) set.add(tree.threshold[node]);
      else for (const member of members.subarray(0, 4)) set.add(member).add(member + 1);
    }
  }
  return cuts.map((set) => Float32Array.from(set).filter(Number.isFinite).sort());
}

/** Returns a value in the range of a column's thresholds or a little outside. */
function around(cuts: Float32Array, random: Random): number {
  const [low, high] = cuts.length === 0 ? [-1, 1] : [cuts[0], cuts[cuts.length - 1]];
  const margin = Math.max((high - low) * 0.2, Math.abs(low) * 0.1, 0.5);
  return Math.fround(low - margin + random.uniform() * (high - low + 2 * margin));
}

/** Returns a threshold, or the float32 after it. */
function onCut(cuts: Float32Array, random: Random): number {
  if (cuts.length === 0) return around(cuts, random);
  const cut = cuts[random.below(cuts.length)];
  return random.uniform() < 0.7 ? cut : nextFloat32Above(cut);
}

/**
 * Changes a row so that it follows a random path of a random tree, with each value exactly on the threshold
 * or just above, or sometimes `value`.
 */
function alongPath(model: TreeModel, row: Float32Array, random: Random, value?: number): void {
  const chosen = random.below(model.trees.length);
  if (model.trees.length === 0) return;
  const tree = model.trees[chosen];
  let node = 0;
  for (let feature = tree.feature[0]; feature >= 0; feature = tree.feature[node]) {
    const goLeft = random.uniform() < 0.5;
    const isReplaced = value !== undefined && random.uniform() < 0.3;
    row[feature] = isReplaced ? value : valueTowards(tree, node, goLeft, random);
    const toLeft = isReplaced ? tree.defaultLeft[node] === 1 : goLeft;
    node = (toLeft ? tree.left : tree.right)[node];
  }
}

function valueTowards(tree: Tree, node: number, left: boolean, random: Random): number {
  const members = tree.members.get(node);
  if (members === undefined) {
    const threshold = tree.threshold[node];
    return left ? threshold : nextFloat32Above(threshold);
  }
  return left ? members[random.below(members.length)] : random.below(64);
}

function obey(row: Float32Array, rules: ColumnRules, random: Random): Float32Array {
  for (const column of rules.whole) {
    const value = Math.round(row[column]);
    row[column] = Math.abs(value) < 2 ** 24 ? value : 0;
  }
  for (const [column, values] of rules.among) {
    if (!values.includes(row[column])) row[column] = values[random.below(values.length)];
  }
  for (const group of rules.oneOf) {
    const chosen = group[random.below(group.length)];
    for (const column of group) row[column] = column === chosen ? 1 : 0;
  }
  return row;
}
