import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { OPERATION, pad, type SetColumn } from "./operations.ts";
import type { PathLayout } from "./path-layout.ts";
import type { WordBuffer } from "./word-buffer.ts";

/**
 * Maximum size of the path weights of a subtree that is compiled as one unit (a chunk), in floats per row.
 * Path weights of this size fit into the first-level cache.
 */
const CHUNK_FLOATS = 512;

/** A tree to compile, and the buffers that its words are appended to. */
export interface Emission {
  readonly tree: Tree;
  readonly layout: PathLayout;
  readonly model: TreeModel;
  readonly output: number;
  /** Points t of the tree's quadrature rule. */
  readonly points: Float64Array;
  readonly operations: WordBuffer;
  readonly tables: WordBuffer;
  /** Columns of set splits, by feature, default direction and members. Equal sets have a common column. */
  readonly setColumns: Map<string, SetColumn>;
}

type Shape = "leaf" | "freshStump" | "repeatStump" | "fork" | "branch";

/** A node to compile, with the scratch slot of its path weight and the first free pair of child slots. */
interface Placed {
  readonly node: number;
  readonly slot: number;
  readonly freePair: number;
}

/**
 * Writes the operations of one tree for one output. Returns the number of pairs of child slots that they use.
 */
export function emitTree(e: Emission): number {
  const shapes = nodeShapes(e.tree, e.layout);
  const branches = countBranches(e.tree, shapes);
  const chunk = Math.max(1, Math.floor(CHUNK_FLOATS / (2 * e.points.length)));
  const pairOf = new Int32Array(e.tree.feature.length).fill(-1);
  const tablesOf = new Map<number, number>();
  let pairs = 0;
  const pending: (Placed | { readonly up: Placed })[] = [{ node: 0, slot: 0, freePair: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ("up" in next) {
      emitUp(e, { fresh: isFresh(e, next.up), branches: [next.up] }, pairOf, tablesOf);
    } else if (branches[next.node] <= chunk) {
      pairs = Math.max(pairs, emitChunk(e, next, shapes, pairOf, tablesOf));
    } else {
      pairOf[next.node] = next.freePair;
      pairs = Math.max(pairs, next.freePair + 1);
      emitDown(e, { fresh: isFresh(e, next), branches: [next] }, pairOf, tablesOf);
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
    { node: tree.left[parent.node], slot: 2 * pair + 1, freePair },
    { node: tree.right[parent.node], slot: 2 * pair + 2, freePair },
  ];
}

/**
 * Branches (inner nodes that are neither a stump nor a fork) that are written as one operation. When `fresh`
 * is true, no ancestor of these nodes splits on the node's feature; when it is false, an ancestor of each
 * node does. On the way down parents come before their children, on the way up after them.
 */
interface Run {
  readonly fresh: boolean;
  readonly branches: readonly Placed[];
}

/**
 * Writes a whole subtree (a chunk): first the operations of the way down through its branches, then the
 * leaves, stumps and forks at its lower end grouped by shape, then the way up.
 */
function emitChunk(
  e: Emission,
  root: Placed,
  shapes: readonly Shape[],
  pairOf: Int32Array,
  tablesOf: Map<number, number>,
): number {
  const runs: Run[] = [];
  const ends: Placed[] = [];
  let freePair = root.freePair;
  // The processor mispredicts a jump at the end of each run, so runs are few and long: each run takes all
  // reachable branches that are equally `fresh`.
  const ready: { readonly fresh: Placed[]; readonly repeat: Placed[] } = { fresh: [], repeat: [] };
  const meet = (placed: Placed): void => {
    if (shapes[placed.node] !== "branch") ends.push(placed);
    else if (isFresh(e, placed)) ready.fresh.push(placed);
    else ready.repeat.push(placed);
  };
  meet(root);
  while (ready.fresh.length + ready.repeat.length > 0) {
    const fresh = ready.fresh.length > 0;
    const of = fresh ? ready.fresh : ready.repeat;
    const branches: Placed[] = [];
    for (let placed = of.pop(); placed !== undefined; placed = of.pop()) {
      branches.push(placed);
      pairOf[placed.node] = freePair;
      const [left, right] = childrenOf(e.tree, placed, freePair, freePair + 1);
      freePair++;
      meet(right);
      meet(left);
    }
    runs.push({ fresh, branches });
  }
  for (const run of runs) emitDown(e, run, pairOf, tablesOf);
  emitEnds(e, ends, shapes, pairOf);
  for (const { fresh, branches } of runs.toReversed()) {
    emitUp(e, { fresh, branches: branches.toReversed() }, pairOf, tablesOf);
  }
  return freePair;
}

function nodeShapes(tree: Tree, layout: PathLayout): Shape[] {
  const shapes = new Array<Shape>(tree.feature.length).fill("leaf");
  const endsFork = (shape: Shape | undefined): boolean => shape === "leaf" || shape === "freshStump";
  for (let node = shapes.length - 1; node >= 0; node--) {
    if (tree.feature[node] < 0) continue;
    const [left, right] = [shapes[tree.left[node]], shapes[tree.right[node]]];
    const fresh = layout.metAt[node] < 0;
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
    counts[node] = 1 + counts[tree.left[node]] + counts[tree.right[node]];
  }
  return counts;
}

/** Writes one run: the operation, the number of nodes, and the words of each node, which `write` appends. */
function emitRun<T>(e: Emission, operation: number, nodes: readonly T[], write: (node: T) => void): void {
  if (nodes.length === 0) return;
  e.operations.int(operation);
  e.operations.int(nodes.length);
  for (const node of nodes) write(node);
}

function isFresh(e: Emission, { node }: Placed): boolean {
  return e.layout.metAt[node] < 0;
}

function emitDown(e: Emission, { fresh, branches }: Run, pairOf: Int32Array, tablesOf: Map<number, number>): void {
  emitRun(e, fresh ? OPERATION.freshDown : OPERATION.repeatDown, branches, ({ node, slot }) => {
    emitSplit(e, node);
    e.operations.int(slot);
    e.operations.int(pairOf[node]);
    if (fresh) {
      e.operations.float(e.layout.share[node]);
      return;
    }
    const table = addFactors(e, node, 0, 1);
    tablesOf.set(node, table);
    emitAncestor(e, node, pairOf);
    e.operations.int(table);
  });
}

function emitUp(e: Emission, { fresh, branches }: Run, pairOf: Int32Array, tablesOf: Map<number, number>): void {
  emitRun(e, fresh ? OPERATION.freshUp : OPERATION.repeatUp, branches, ({ node, slot }) => {
    e.operations.int(slot);
    e.operations.int(pairOf[node]);
    e.operations.int(e.tree.feature[node]);
    if (fresh) e.operations.float(e.layout.share[node]);
    else e.operations.int(tablesOf.get(node) ?? -1);
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
    e.operations.int(e.tree.feature[node]);
    emitAncestor(e, node, pairOf);
    e.operations.int(addFactors(e, node, leafValue(e, e.tree.right[node]), stepOf(e, node)));
  });
  emitRun(e, OPERATION.fork, of("fork"), ({ node, slot }) => {
    const [left, right] = [e.tree.left[node], e.tree.right[node]];
    const share = e.layout.share[node];
    const gap = expectedEnd(e, left) - expectedEnd(e, right);
    // A leaf has no comparison, so it repeats that of the fork. Its step of 0 makes the comparison
    // irrelevant.
    for (const split of [node, left, right]) emitSplit(e, isLeaf(e, split) ? node : split);
    e.operations.int(slot);
    e.operations.int(e.tree.feature[node]);
    e.operations.float(share);
    for (const end of [left, right]) emitEnd(e, end);
    e.operations.float(gap);
    e.operations.float(expectedEnd(e, right) + share * gap);
  });
}

function isLeaf(e: Emission, node: number): boolean {
  return e.tree.feature[node] < 0;
}

/** For a stump (a node whose two children are leaves): returns left value − right value. For a leaf: 0. */
function stepOf(e: Emission, node: number): number {
  return isLeaf(e, node) ? 0 : leafValue(e, e.tree.left[node]) - leafValue(e, e.tree.right[node]);
}

/**
 * For a leaf: returns its value. For a stump (a node whose two children are leaves): returns its mean over
 * the training rows. This is the constant term of the line in t that `emitEnd` writes.
 */
function expectedEnd(e: Emission, node: number): number {
  if (isLeaf(e, node)) return leafValue(e, node);
  return leafValue(e, e.tree.right[node]) + e.layout.share[node] * stepOf(e, node);
}

function leafValue(e: Emission, node: number): number {
  return e.tree.value[node * e.model.outputs + e.output];
}

function emitSplit(e: Emission, node: number): void {
  const members = e.tree.members.get(node);
  const defaultLeft = e.tree.defaultLeft[node] === 1;
  if (members === undefined) {
    e.operations.int(e.tree.feature[node]);
    e.operations.float(e.tree.threshold[node]);
    e.operations.int(defaultLeft ? -1 : 0);
    return;
  }
  e.operations.int(setColumn(e, { source: e.tree.feature[node], members, defaultLeft }));
  e.operations.float(0);
  e.operations.int(0);
}

function setColumn(e: Emission, wanted: Omit<SetColumn, "column">): number {
  const key = `${wanted.source} ${wanted.defaultLeft} ${wanted.members.join()}`;
  const known = e.setColumns.get(key);
  if (known !== undefined) return known.column;
  const column = e.model.features + e.setColumns.size;
  e.setColumns.set(key, { ...wanted, column });
  return column;
}

/**
 * Writes a stump (a node whose two children are leaves) or a leaf as a line in t with the slope `m step −
 * share step`. `share` is the fraction of the node's training rows that went left; t is the variable of the
 * quadrature; see quadrature-program.ts.
 */
function emitEnd(e: Emission, node: number): void {
  e.operations.int(isLeaf(e, node) ? 0 : e.tree.feature[node]);
  e.operations.float(stepOf(e, node));
  e.operations.float(e.layout.share[node] * stepOf(e, node));
}

/**
 * Writes where the kernel reads whether the row met the earlier conditions on the same feature: the slots of
 * the nearest such ancestor, the side that the path took there, and the slots of that ancestor's own history
 * (0 when it has none).
 */
function emitAncestor(e: Emission, node: number, pairOf: Int32Array): void {
  const met = e.layout.metAt[node];
  const pair = pairOf[met];
  e.operations.int(pair);
  e.operations.int(e.layout.metLeft[node] === 1 ? -1 : 0);
  e.operations.int(e.layout.metAt[met] < 0 ? 0 : pair + 1);
}

/**
 * Writes the factors of a node whose feature occurred before on the path. z' is the product of the cover
 * fractions of the earlier edges with this feature, and o' = [the row met all earlier conditions on it]. Per
 * point: F = (base + step s) + o'a + o'm b and K = o'c + o'm e, where s is the fraction of the node's
 * training rows that went left. The words are `[base + step s, a, b, c, e]`. A branch has base 0 and step 1.
 * A stump of leaves puts its right value and its step into the factors.
 */
function addFactors(e: Emission, node: number, base: number, step: number): number {
  const at = e.tables.length;
  const share = e.layout.share[node];
  const before = e.layout.metShare[node];
  const factors: readonly number[][] = [[], [], [], []];
  for (const t of e.points) {
    const old = before * (1 - t) + t;
    const cold = (before * share * (1 - t)) / old;
    const hot = t / old;
    const coldK = (-before * share - (1 - before) * cold) / old;
    const hotK = (1 - before * share - (1 - before) * (cold + hot)) / old;
    for (const [i, value] of [cold - share, hot, coldK, hotK - coldK].entries()) factors[i]?.push(value * step);
  }
  e.tables.float(base + step * share);
  for (const values of factors)
    for (let q = 0; q < pad(e.points.length); q++) e.tables.float(q < values.length ? values[q] : 0);
  return at;
}
