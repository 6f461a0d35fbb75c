import { ImportRejectedError } from "./import-rejected-error.ts";
import { MAX_DEPTH } from "./limits.ts";
import type { Tree } from "./tree-model.ts";

/** Test of a node on a float32 column: "x ≤ threshold goes left", or "x in the set goes left". */
export interface SourceSplit<N> {
  readonly feature: number;
  readonly threshold: number;
  /** Threshold of the file where it is a double. Unset: it is the float32 in `threshold`. */
  readonly exact?: number;
  readonly members: Float32Array | null;
  readonly defaultLeft: boolean;
  readonly left: N;
  readonly right: N;
  /**
   * Number of levels that the node takes in the tree of the imported file: 1, or the length of the chain of
   * nodes that it replaces.
   */
  readonly levels?: number;
}

/** A node of an imported tree, as the reader of its format describes it. */
export interface SourceNode<N> {
  readonly cover: number;
  /** Test of the node and its children. Null on a leaf. */
  readonly split: SourceSplit<N> | null;
  /** Writes the values of a leaf to `values`, `[outputs]`, which are all 0 before the call. */
  readonly fill?: (values: Float64Array) => void;
}

interface Visit<N> {
  readonly node: N;
  /** Index of the parent; −1 for the root. */
  readonly parent: number;
  readonly isLeft: boolean;
  readonly depth: number;
}

/**
 * Builds a canonical tree from the root down, without recursion: parents before children, left before right.
 * @param describe Called once for each node. It throws when a node occurs twice and the format forbids that.
 * @param budget Maximum number of nodes that the tree may have.
 * @param tooLarge Returns the error for a tree with more nodes.
 * @throws ImportRejectedError when the tree is too deep or too large.
 */
export function buildTree<N>(
  root: N,
  outputs: number,
  budget: number,
  describe: (node: N) => SourceNode<N>,
  tooLarge: () => ImportRejectedError = () => new ImportRejectedError("unsafe", `a tree has more than ${budget} nodes`),
): Tree {
  const order: (Visit<N> & { readonly source: SourceNode<N> })[] = [];
  const stack: Visit<N>[] = [{ node: root, parent: -1, isLeft: false, depth: 0 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.depth > MAX_DEPTH) throw new ImportRejectedError("unsafe", `a tree is deeper than ${MAX_DEPTH} levels`);
    if (order.length >= budget) throw tooLarge();
    const source = describe(next.node);
    order.push({ ...next, source });
    if (source.split === null) continue;
    const parent = order.length - 1;
    const depth = next.depth + (source.split.levels ?? 1);
    const { left, right } = source.split;
    stack.push({ node: right, parent, isLeft: false, depth }, { node: left, parent, isLeft: true, depth });
  }
  return layOut(order, outputs);
}

function layOut<N>(order: readonly (Visit<N> & { readonly source: SourceNode<N> })[], outputs: number): Tree {
  const size = order.length;
  const tree = {
    feature: new Int32Array(size).fill(-1),
    threshold: new Float32Array(size),
    left: new Int32Array(size).fill(-1),
    right: new Int32Array(size).fill(-1),
    defaultLeft: new Uint8Array(size),
    cover: new Float64Array(size),
    value: new Float64Array(size * outputs),
    members: new Map<number, Float32Array>(),
  };
  const hasDoubles = order.some(({ source }) => source.split?.exact !== undefined);
  const exact = hasDoubles ? new Float64Array(size) : null;
  for (const [at, { parent, isLeft, source }] of order.entries()) {
    if (parent >= 0) (isLeft ? tree.left : tree.right)[parent] = at;
    tree.cover[at] = source.cover;
    source.fill?.(tree.value.subarray(at * outputs, (at + 1) * outputs));
    if (source.split === null) continue;
    tree.feature[at] = source.split.feature;
    tree.threshold[at] = source.split.threshold;
    if (exact !== null) exact[at] = source.split.exact ?? source.split.threshold;
    tree.defaultLeft[at] = source.split.defaultLeft ? 1 : 0;
    if (source.split.members !== null) tree.members.set(at, source.split.members);
  }
  return exact === null ? tree : { ...tree, exact };
}
