import { goesLeft } from "../trees/split.ts";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import type { ChangeVariable } from "./change-variable.ts";
import type { SearchBudget } from "./search-budget.ts";
import { TERM_INTS, TermStore } from "./term-store.ts";

/**
 * The output of a model as a function of the options of its variables, decomposed around the unchanged row: the
 * output of the row, plus one function of each variable, plus one of each pair, plus one of each triple. A
 * function is 0 when one of its variables has its current option. When at most two variables change, the output is
 * exact without triples. (The anchored decomposition of Kuo, Sloan, Wasilkowski, Woźniakowski, "On decompositions
 * of multivariate functions", Mathematics of Computation 79, 2010.)
 *
 * A leaf adds its value times the product of one factor per variable on its path. Let [x] be 1 when the leaf's
 * path accepts option x of the variable, else 0. The factor is [x] − [current].
 */
export interface AnchoredTerms {
  /** Output of the unchanged row, in float64. */
  readonly base: number;
  /** Change of the output by variable and option. Empty when only triples were asked for. */
  readonly singles: readonly Float64Array[];
  /** Terms of the pairs (`pairKey`) or the triples (`tripleKey`). */
  readonly terms: TermStore;
  /** False when the budget or the memory ended first. */
  readonly isComplete: boolean;
}

/** Maximum number of terms: some 100 MiB. */
const MAX_TERMS = 2_000_000;

/** @param a, b Indices of two variables, a < b. */
export const pairKey = (variables: number, a: number, b: number): number => a * variables + b;
/** @param a, b, c Indices of three variables, a < b < c. */
export const tripleKey = (variables: number, a: number, b: number, c: number): number =>
  (a * variables + b) * variables + c;

/**
 * Decomposes the output of a model around the unchanged row: see `AnchoredTerms`.
 * @param size 2: functions of single variables and of pairs; 3: only functions of triples.
 * @param isUsable Whether an option of a variable may be chosen. The result can also have terms of other options.
 */
export function anchoredTerms(
  model: TreeModel,
  row: Float32Array,
  variables: readonly ChangeVariable[],
  size: 2 | 3,
  isUsable: (variable: number, option: number) => boolean,
  budget: SearchBudget,
): AnchoredTerms {
  const count = variables.length;
  const variableOf = new Int32Array(model.features).fill(-1);
  for (const [v, { columns }] of variables.entries()) for (const column of columns) variableOf[column] = v;
  // The interval of each variable's options that the path from the root accepts.
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  for (const [v, { current, costs }] of variables.entries()) {
    low[v] = current;
    high[v] = current;
    for (let option = 0; option < costs.length; option++) {
      if (!isUsable(v, option)) continue;
      low[v] = Math.min(low[v], option);
      high[v] = Math.max(high[v], option);
    }
  }
  const widest = { low: low.slice(), high: high.slice() };
  const differences = variables.map(({ costs }) => new Float64Array(size === 2 ? costs.length + 1 : 0));
  const terms = new TermStore(size);
  /** Variables that the path restricts, in the order of the path. */
  const path: number[] = [];
  let base = model.base[0];
  let isComplete = true;

  const isDeviation = (v: number): boolean => variables[v].current < low[v] || variables[v].current > high[v];

  const addSingle = (v: number, value: number): void => {
    const difference = differences[v];
    if (!isDeviation(v)) difference[0] -= value;
    difference[low[v]] += value;
    difference[high[v] + 1] -= value;
  };
  const put = (at: number, v: number, deviates: boolean): void => {
    terms.ints[at] = low[v];
    terms.ints[at + 1] = high[v];
    terms.ints[at + 2] = deviates ? 1 : 0;
  };
  const addPair = (v: number, w: number, value: number): void => {
    const [a, b] = v < w ? [v, w] : [w, v];
    const [x, y] = [isDeviation(a), isDeviation(b)];
    const at = terms.add(pairKey(count, a, b), value, x === y ? 1 : -1);
    put(at, a, x);
    put(at + TERM_INTS, b, y);
  };
  const addTriple = (v: number, w: number, u: number, value: number): void => {
    const a = Math.min(v, w, u);
    const c = Math.max(v, w, u);
    const b = v + w + u - a - c;
    const [x, y, z] = [isDeviation(a), isDeviation(b), isDeviation(c)];
    const at = terms.add(tripleKey(count, a, b, c), value, (x ? 1 : -1) * (y ? 1 : -1) * (z ? 1 : -1));
    put(at, a, x);
    put(at + TERM_INTS, b, y);
    put(at + 2 * TERM_INTS, c, z);
  };

  /** Adds the terms of a leaf for every set of variables that contains all deviations of its path. */
  const addLeaf = (value: number): void => {
    const deviations = path.filter(isDeviation);
    const others = path.filter((v) => !isDeviation(v));
    if (deviations.length === 0) base += value;
    if (size === 2) addUpToPairs(deviations, others, value);
    else addTriples(deviations, others, value);
  };
  const addUpToPairs = (deviations: readonly number[], others: readonly number[], value: number): void => {
    const [d, e] = deviations;
    if (deviations.length === 2) addPair(d, e, value);
    else if (deviations.length === 1) {
      addSingle(d, value);
      for (const other of others) addPair(d, other, value);
    } else
      for (const [i, first] of others.entries()) {
        addSingle(first, value);
        for (let j = i + 1; j < others.length; j++) addPair(first, others[j], value);
      }
  };
  const addTriples = (deviations: readonly number[], others: readonly number[], value: number): void => {
    const [d, e, f] = deviations;
    const n = others.length;
    if (deviations.length === 3) addTriple(d, e, f, value);
    else if (deviations.length === 2) for (const other of others) addTriple(d, e, other, value);
    else if (deviations.length === 1) {
      for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) addTriple(d, others[i], others[j], value);
    } else
      for (let i = 0; i < n; i++)
        for (let j = i + 1; j < n; j++)
          for (let k = j + 1; k < n; k++) addTriple(others[i], others[j], others[k], value);
  };

  const visit = (tree: Tree, node: number, deviations: number): void => {
    if (!isComplete) return;
    const f = tree.feature[node];
    if (f < 0) {
      addLeaf(tree.value[node]);
      if (terms.length > MAX_TERMS || budget.spend(1)) isComplete = false;
      return;
    }
    const v = variableOf[f];
    if (v < 0) {
      visit(tree, goesLeft(tree, node, row[f]) ? tree.left[node] : tree.right[node], deviations);
      return;
    }
    const variable = variables[v];
    if (variable.columns.length === 1 && !tree.members.has(node)) {
      const split = firstAbove(variable.values, low[v], high[v], tree.threshold[node]);
      visitInterval(tree, tree.left[node], deviations, v, low[v], split - 1);
      visitInterval(tree, tree.right[node], deviations, v, split, high[v]);
      return;
    }
    visitRuns(tree, node, deviations, v, f);
  };
  /** Follows a child with the options from `first` to `last` of a variable. */
  const visitInterval = (
    tree: Tree,
    child: number,
    deviations: number,
    v: number,
    first: number,
    last: number,
  ): void => {
    if (first > last) return;
    const [outerLow, outerHigh] = [low[v], high[v]];
    const wasDeviation = isDeviation(v);
    const wasWidest = outerLow === widest.low[v] && outerHigh === widest.high[v];
    low[v] = first;
    high[v] = last;
    const isNarrower = first !== widest.low[v] || last !== widest.high[v];
    const now = deviations + (!wasDeviation && isDeviation(v) ? 1 : 0);
    if (now <= size) {
      const isNew = wasWidest && isNarrower;
      if (isNew) path.push(v);
      visit(tree, child, now);
      if (isNew) path.pop();
    }
    low[v] = outerLow;
    high[v] = outerHigh;
  };
  /** Follows both children of a node whose options on one side are not one interval. */
  const visitRuns = (tree: Tree, node: number, deviations: number, v: number, column: number): void => {
    const { columns, values } = variables[v];
    const at = columns.indexOf(column);
    const [first, last] = [low[v], high[v]];
    const isLeft = (option: number): boolean => goesLeft(tree, node, values[option * columns.length + at]);
    for (let start = first; start <= last; ) {
      const left = isLeft(start);
      let end = start;
      while (end < last && isLeft(end + 1) === left) end++;
      visitInterval(tree, left ? tree.left[node] : tree.right[node], deviations, v, start, end);
      start = end + 1;
    }
  };

  for (const tree of model.trees) visit(tree, 0, 0);
  const singles = differences.map((difference) => {
    const sums = difference.slice(0, -1);
    for (let option = 1; option < sums.length; option++) sums[option] += sums[option - 1];
    return sums;
  });
  return { base, singles: size === 2 ? singles : [], terms, isComplete };
}

/** Returns the first option from `first` to `last` whose value is above the threshold; `last + 1` when none is. */
function firstAbove(values: Float32Array, first: number, last: number, threshold: number): number {
  let from = first;
  let to = last + 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] <= threshold) from = middle + 1;
    else to = middle;
  }
  return from;
}
