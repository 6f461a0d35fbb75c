import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { gaussLegendre, pointsFor } from "./gauss-legendre.ts";
import { NoCoversError } from "./no-covers-error.ts";
import { layoutPaths, type PathLayout } from "./path-layout.ts";
import { WordBuffer } from "./word-buffer.ts";

/*
 * The method. For a leaf of value w whose path names the features j, let z_j be the share of training rows that meet
 * all of j's conditions on the path and o_j ∈ {0, 1} whether the row does. Its SHAP values are
 *
 *   φ_i = w (o_i − z_i) ∫₀¹ Π_{j≠i} (z_j (1−t) + o_j t) dt
 *
 * (TreeGrad-Shap, arXiv 2602.11623; Quadrature-TreeSHAP, arXiv 2605.04497), integrated exactly by a few
 * Gauss-Legendre points t_q. Here the sum over a tree's leaves is folded into one walk down and one up. With z the
 * share that goes left at a node whose feature is new to the path, m = [the row goes left] and F = z + (m − z) t:
 *
 *   down   G_left = G F,  G_right = G − G_left          (the two factors of a node add up to one)
 *   up     d = S_left − S_right,  S = S_right + F d,  φ += (m − z) Σ_q G_q d_q
 *
 * from G = the weights at the root and S = w at the leaves. The last two levels need no points: a stump of two leaves
 * is a line in t, a fork of two stumps (or a stump and a leaf) a parabola, so ΣG and ΣG t are all they take from G. Where the feature was met before, with z' and
 * o' = [the row met all of its conditions so far], F is the ratio of new to old factor and each point has its own
 * multiplier K instead of m − z. Nothing is divided while rows are explained, and no share of zero needs care.
 */

/** Operations of a program, numbered as in kernel/quadrature.c. */
export const OPERATION = {
  end: 0,
  freshDown: 1,
  freshUp: 2,
  repeatDown: 3,
  repeatUp: 4,
  leaf: 5,
  freshStump: 6,
  repeatStump: 7,
  fork: 8,
} as const;

/** A column made of another: 0 where its value is a member of the set, 1 elsewhere, NaN by the default direction. */
export interface SetColumn {
  readonly source: number;
  readonly members: Float32Array;
  readonly defaultLeft: boolean;
}

/** A model compiled for the quadrature kernels. */
export interface QuadratureProgram {
  readonly features: number;
  readonly outputs: number;
  /** Columns `features…` of the kernels' input. */
  readonly setColumns: readonly SetColumn[];
  /** Per tree and output: output, points, first word of its operations, first float of its rule, 1 = flush after it. */
  readonly units: Int32Array;
  readonly operations: Int32Array;
  /** Per number of points n in use: points and weights, each padded with zeros to a multiple of 4. */
  readonly rules: Float32Array;
  /** Factors of nodes whose feature was met before, by point, padded likewise. */
  readonly tables: Float32Array;
  /** Slots, pairs of children and points that a tree needs at most: the size of the scratch memory. */
  readonly maxSlotFloats: number;
  readonly maxPairs: number;
}

/** Inner nodes whose terms are added up in float32 before they join the float64 sums. */
const NODES_PER_FLUSH = 1024;
/** Path weights of one pass that stay in the first-level cache, in floats a row. */
const CHUNK_FLOATS = 512;
export const UNIT_WORDS = 5;

/**
 * Compiles a model for the quadrature kernels.
 * @throws NoCoversError when the model has no covers.
 */
export function compileQuadrature(model: TreeModel): QuadratureProgram {
  if (!model.hasCovers) throw new NoCoversError();
  const layouts = model.trees.map((tree) => layoutPaths(tree, model.features));
  const rules = new WordBuffer();
  const ruleAt = new Map<number, number>();
  const tables = new WordBuffer();
  const operations = new WordBuffer();
  const units = new WordBuffer();
  const setColumns: SetColumn[] = [];
  let maxSlotFloats = 0;
  let maxPairs = 0;
  for (let output = 0; output < model.outputs; output++) {
    let nodes = 0;
    let flushAt = -1;
    for (const [i, tree] of model.trees.entries()) {
      const layout = layouts[i];
      if (layout === undefined || layout.innerNodes === 0 || !contributes(tree, model.outputs, output)) continue;
      const n = pointsFor(layout.maxDistinct);
      const rule = ruleAt.get(n) ?? addRule(rules, n);
      ruleAt.set(n, rule);
      units.int(output);
      units.int(n);
      units.int(operations.length);
      units.int(rule);
      flushAt = units.length;
      nodes += layout.innerNodes;
      units.int(nodes >= NODES_PER_FLUSH ? 1 : 0);
      if (nodes >= NODES_PER_FLUSH) nodes = 0;
      const pairs = emitTree({ tree, layout, model, output, points: n, operations, tables, setColumns });
      maxPairs = Math.max(maxPairs, pairs);
      maxSlotFloats = Math.max(maxSlotFloats, (2 * pairs + 1) * pad(n));
    }
    if (flushAt >= 0) units.setInt(flushAt, 1);
  }
  return {
    features: model.features,
    outputs: model.outputs,
    setColumns,
    units: units.ints(),
    operations: operations.ints(),
    rules: rules.floats(),
    tables: tables.floats(),
    maxSlotFloats,
    maxPairs,
  };
}

/** Rounds up to whole SIMD vectors of four float32. */
export function pad(points: number): number {
  return Math.ceil(points / 4) * 4;
}

function contributes(tree: Tree, outputs: number, output: number): boolean {
  return outputs === 1 || tree.value.some((value, at) => at % outputs === output && value !== 0);
}

function addRule(rules: WordBuffer, n: number): number {
  const at = rules.length;
  const { points, weights } = gaussLegendre(n);
  for (const values of [points, weights]) {
    for (let q = 0; q < pad(n); q++) rules.float(values[q] ?? 0);
  }
  return at;
}

interface Emission {
  readonly tree: Tree;
  readonly layout: PathLayout;
  readonly model: TreeModel;
  readonly output: number;
  readonly points: number;
  readonly operations: WordBuffer;
  readonly tables: WordBuffer;
  readonly setColumns: SetColumn[];
}

type Shape = "leaf" | "freshStump" | "repeatStump" | "fork" | "branch";

/** A node to explain, with the scratch slot that holds its path weight and the first free pair of child slots. */
interface Placed {
  readonly node: number;
  readonly slot: number;
  readonly freePair: number;
}

/** Writes one tree's operations; returns how many pairs of child slots they use. */
function emitTree(e: Emission): number {
  const shapes = nodeShapes(e.tree, e.layout);
  const branches = countBranches(e.tree, shapes);
  const chunk = Math.max(1, Math.floor(CHUNK_FLOATS / (2 * e.points)));
  const pairOf = new Int32Array(e.tree.feature.length).fill(-1);
  const tablesOf = new Map<number, number>();
  let pairs = 0;
  const pending: (Placed | { readonly up: Placed })[] = [{ node: 0, slot: 0, freePair: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ("up" in next) {
      emitUp(e, [next.up], pairOf, tablesOf);
    } else if ((branches[next.node] ?? 0) <= chunk) {
      pairs = Math.max(pairs, emitChunk(e, next, shapes, pairOf, tablesOf));
    } else {
      pairOf[next.node] = next.freePair;
      pairs = Math.max(pairs, next.freePair + 1);
      emitDown(e, [next], pairOf, tablesOf);
      const [left, right] = childrenOf(e.tree, next, next.freePair, next.freePair + 1);
      pending.push({ up: next }, right, left);
    }
  }
  e.operations.int(OPERATION.end);
  e.operations.int(0);
  return pairs;
}

function childrenOf(tree: Tree, parent: Placed, pair: number, freePair: number): [Placed, Placed] {
  return [
    { node: tree.left[parent.node] ?? -1, slot: 2 * pair + 1, freePair },
    { node: tree.right[parent.node] ?? -1, slot: 2 * pair + 2, freePair },
  ];
}

/** A whole subtree level by level: branches down, the ends grouped by shape, branches up. */
function emitChunk(
  e: Emission,
  root: Placed,
  shapes: readonly Shape[],
  pairOf: Int32Array,
  tablesOf: Map<number, number>,
): number {
  const levels: Placed[][] = [];
  const ends: Placed[] = [];
  let freePair = root.freePair;
  for (let level = [root]; level.length > 0; ) {
    const below: Placed[] = [];
    const branches: Placed[] = [];
    for (const placed of level) {
      if (shapes[placed.node] !== "branch") {
        ends.push(placed);
        continue;
      }
      branches.push(placed);
      pairOf[placed.node] = freePair;
      below.push(...childrenOf(e.tree, placed, freePair, freePair + 1));
      freePair++;
    }
    if (branches.length > 0) levels.push(branches);
    level = below;
  }
  for (const branches of levels) emitDown(e, branches, pairOf, tablesOf);
  emitEnds(e, ends, shapes, pairOf);
  for (const branches of levels.toReversed()) emitUp(e, branches, pairOf, tablesOf);
  return freePair;
}

function nodeShapes(tree: Tree, layout: PathLayout): Shape[] {
  const shapes = new Array<Shape>(tree.feature.length).fill("leaf");
  const endsFork = (shape: Shape | undefined): boolean => shape === "leaf" || shape === "freshStump";
  for (let node = shapes.length - 1; node >= 0; node--) {
    if ((tree.feature[node] ?? -1) < 0) continue;
    const [left, right] = [shapes[tree.left[node] ?? -1], shapes[tree.right[node] ?? -1]];
    const fresh = (layout.metAt[node] ?? -1) < 0;
    if (left === "leaf" && right === "leaf") shapes[node] = fresh ? "freshStump" : "repeatStump";
    else if (fresh && endsFork(left) && endsFork(right)) shapes[node] = "fork";
    else shapes[node] = "branch";
  }
  return shapes;
}

function countBranches(tree: Tree, shapes: readonly Shape[]): Int32Array {
  const counts = new Int32Array(shapes.length);
  for (let node = shapes.length - 1; node >= 0; node--) {
    if (shapes[node] !== "branch") continue;
    counts[node] = 1 + (counts[tree.left[node] ?? -1] ?? 0) + (counts[tree.right[node] ?? -1] ?? 0);
  }
  return counts;
}

/** Writes nodes as runs of one operation each; `write` appends the words of one node. */
function emitRun<T>(e: Emission, operation: number, nodes: readonly T[], write: (node: T) => void): void {
  if (nodes.length === 0) return;
  e.operations.int(operation);
  e.operations.int(nodes.length);
  for (const node of nodes) write(node);
}

function isFresh(e: Emission, { node }: Placed): boolean {
  return (e.layout.metAt[node] ?? -1) < 0;
}

function emitDown(e: Emission, nodes: readonly Placed[], pairOf: Int32Array, tablesOf: Map<number, number>): void {
  const fresh = nodes.filter((placed) => isFresh(e, placed));
  const repeats = nodes.filter((placed) => !isFresh(e, placed));
  emitRun(e, OPERATION.freshDown, fresh, ({ node, slot }) => {
    emitSplit(e, node);
    e.operations.int(slot);
    e.operations.int(pairOf[node] ?? -1);
    e.operations.float(e.layout.share[node] ?? 0);
  });
  emitRun(e, OPERATION.repeatDown, repeats, ({ node, slot }) => {
    const table = addFactors(e, node, 0, 1);
    tablesOf.set(node, table);
    emitSplit(e, node);
    e.operations.int(slot);
    e.operations.int(pairOf[node] ?? -1);
    emitAncestor(e, node, pairOf);
    e.operations.int(table);
  });
}

function emitUp(e: Emission, nodes: readonly Placed[], pairOf: Int32Array, tablesOf: Map<number, number>): void {
  const fresh = nodes.filter((placed) => isFresh(e, placed));
  const repeats = nodes.filter((placed) => !isFresh(e, placed));
  emitRun(e, OPERATION.freshUp, fresh, ({ node, slot }) => {
    e.operations.int(slot);
    e.operations.int(pairOf[node] ?? -1);
    e.operations.int(e.tree.feature[node] ?? -1);
    e.operations.float(e.layout.share[node] ?? 0);
  });
  emitRun(e, OPERATION.repeatUp, repeats, ({ node, slot }) => {
    e.operations.int(slot);
    e.operations.int(pairOf[node] ?? -1);
    e.operations.int(e.tree.feature[node] ?? -1);
    e.operations.int(tablesOf.get(node) ?? -1);
  });
}

function emitEnds(e: Emission, ends: readonly Placed[], shapes: readonly Shape[], pairOf: Int32Array): void {
  const of = (shape: Shape): Placed[] => ends.filter(({ node }) => shapes[node] === shape);
  emitRun(e, OPERATION.leaf, of("leaf"), ({ node, slot }) => {
    e.operations.int(slot);
    e.operations.float(leafValue(e, node));
  });
  emitRun(e, OPERATION.freshStump, of("freshStump"), ({ node, slot }) => {
    emitSplit(e, node);
    e.operations.int(slot);
    emitEnd(e, node);
    e.operations.float(expectedEnd(e, node));
  });
  emitRun(e, OPERATION.repeatStump, of("repeatStump"), ({ node, slot }) => {
    emitSplit(e, node);
    e.operations.int(slot);
    e.operations.int(e.tree.feature[node] ?? -1);
    emitAncestor(e, node, pairOf);
    e.operations.int(addFactors(e, node, leafValue(e, e.tree.right[node] ?? -1), stepOf(e, node)));
  });
  emitRun(e, OPERATION.fork, of("fork"), ({ node, slot }) => {
    const [left, right] = [e.tree.left[node] ?? -1, e.tree.right[node] ?? -1];
    const share = e.layout.share[node] ?? 0;
    const gap = expectedEnd(e, left) - expectedEnd(e, right);
    // A leaf among the ends takes the fork's own comparison: its step of 0 makes it irrelevant.
    for (const split of [node, left, right]) emitSplit(e, isLeaf(e, split) ? node : split);
    e.operations.int(slot);
    e.operations.int(e.tree.feature[node] ?? -1);
    e.operations.float(share);
    for (const end of [left, right]) emitEnd(e, end);
    e.operations.float(gap);
    e.operations.float(expectedEnd(e, right) + share * gap);
  });
}

function isLeaf(e: Emission, node: number): boolean {
  return (e.tree.feature[node] ?? -1) < 0;
}

/** Difference that a stump's split makes; none on a leaf. */
function stepOf(e: Emission, node: number): number {
  return isLeaf(e, node) ? 0 : leafValue(e, e.tree.left[node] ?? -1) - leafValue(e, e.tree.right[node] ?? -1);
}

/** Value of a leaf, or of a stump over its training rows: its value at t = 0. */
function expectedEnd(e: Emission, node: number): number {
  if (isLeaf(e, node)) return leafValue(e, node);
  return leafValue(e, e.tree.right[node] ?? -1) + (e.layout.share[node] ?? 0) * stepOf(e, node);
}

function leafValue(e: Emission, node: number): number {
  return e.tree.value[node * e.model.outputs + e.output] ?? 0;
}

function emitSplit(e: Emission, node: number): void {
  const members = e.tree.members.get(node);
  const defaultLeft = e.tree.defaultLeft[node] === 1;
  if (members === undefined) {
    e.operations.int(e.tree.feature[node] ?? -1);
    e.operations.float(e.tree.threshold[node] ?? 0);
    e.operations.int(defaultLeft ? -1 : 0);
    return;
  }
  e.operations.int(setColumn(e, { source: e.tree.feature[node] ?? -1, members, defaultLeft }));
  e.operations.float(0);
  e.operations.int(0);
}

function setColumn(e: Emission, wanted: SetColumn): number {
  return e.model.features + e.setColumns.push(wanted) - 1;
}

/** A stump or leaf as a line in t: its slope is `m step − share step`. */
function emitEnd(e: Emission, node: number): void {
  e.operations.int(isLeaf(e, node) ? 0 : (e.tree.feature[node] ?? -1));
  e.operations.float(stepOf(e, node));
  e.operations.float((e.layout.share[node] ?? 0) * stepOf(e, node));
}

/** Where to read what the row met of the feature before: the ancestor's comparison, the side taken, its own past. */
function emitAncestor(e: Emission, node: number, pairOf: Int32Array): void {
  const met = e.layout.metAt[node] ?? -1;
  const pair = pairOf[met] ?? -1;
  e.operations.int(pair);
  e.operations.int(e.layout.metLeft[node] === 1 ? -1 : 0);
  e.operations.int((e.layout.metAt[met] ?? -1) < 0 ? 0 : pair + 1);
}

/**
 * Factors of a node whose feature was met before with share z' (z with this node): F = base + step (s + o'a + o'm b)
 * and K = o'c + o'm e, where s is the node's own share and o' what the row met before. `[base + step s, a, b, c, e]`,
 * a and b times step; c and e too when the node ends in leaves (step ≠ 1 is their difference).
 */
function addFactors(e: Emission, node: number, base: number, step: number): number {
  const at = e.tables.length;
  const { points } = gaussLegendre(e.points);
  const share = e.layout.share[node] ?? 0;
  const before = e.layout.metShare[node] ?? 0;
  const rows: number[][] = [[], [], [], []];
  for (let q = 0; q < pad(e.points); q++) {
    const t = points[q];
    if (t === undefined) {
      for (const row of rows) row.push(0);
      continue;
    }
    const old = before * (1 - t) + t;
    const cold = (before * share * (1 - t)) / old;
    const hot = t / old;
    const coldK = (-before * share - (1 - before) * cold) / old;
    const hotK = (1 - before * share - (1 - before) * (cold + hot)) / old;
    for (const [i, value] of [cold - share, hot, coldK, hotK - coldK].entries()) rows[i]?.push(value * step);
  }
  e.tables.float(base + step * share);
  for (const row of rows) for (const value of row) e.tables.float(value);
  return at;
}
