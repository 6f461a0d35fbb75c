import { ModelRefusedError } from "../import/model-refused-error.ts";
import type { Tree } from "../trees/tree-model.ts";
import type { InputColumn } from "./input-column.ts";
import { type NodeSplit, nodeSplit } from "./node-split.ts";
import { MODE, type NodeTable } from "./node-table.ts";

/** Deeper trees than any trainer grows; a runtime that follows children by recursion would not survive them. */
export const MAX_DEPTH = 1000;

/** Columns that a row of any model may have. */
export const MAX_FEATURES = 65_536;

/** Values (nodes × outputs) that the leaves of one model may take in memory. */
export const MAX_VALUES = 16_777_216;

/**
 * Turns the trees of an ONNX ensemble into canonical ones that evaluate float32 rows exactly as the runtime does.
 * @param columns What the tree's columns are of the raw row.
 * @param outputs Targets or classes.
 * @param covers Whether hit rates are the training weights of the nodes.
 * @throws ModelRefusedError cycles, a node under two parents, NaN or infinite numbers, depth over `MAX_DEPTH`.
 */
export function canonicalTrees(
  table: NodeTable,
  columns: readonly InputColumn[],
  outputs: number,
  covers: boolean,
): Tree[] {
  if (!Number.isInteger(outputs) || outputs < 1) {
    throw new ModelRefusedError("malformed", `the trees have ${outputs} outputs`);
  }
  if (table.size * outputs > MAX_VALUES) {
    throw new ModelRefusedError(
      "unsafe",
      `${table.size} nodes × ${outputs} outputs are more than ${MAX_VALUES} values`,
    );
  }
  const reached = new Uint8Array(table.size);
  return table.roots.map((root) => canonicalTree(table, walk(table, root, columns, reached), outputs, covers));
}

function canonicalTree(table: NodeTable, order: readonly Visit[], outputs: number, covers: boolean): Tree {
  const size = order.length;
  const feature = new Int32Array(size).fill(-1);
  const threshold = new Float32Array(size);
  const left = new Int32Array(size).fill(-1);
  const right = new Int32Array(size).fill(-1);
  const defaultLeft = new Uint8Array(size);
  const cover = new Float64Array(size);
  const value = new Float64Array(size * outputs);
  const members = new Map<number, Float32Array>();
  for (const [at, { node, parent, isLeft, split }] of order.entries()) {
    if (parent >= 0) (isLeft ? left : right)[parent] = at;
    if (covers) cover[at] = table.hitRate?.[node] ?? 0;
    if (split === null) {
      addLeafValues(table, node, outputs, value.subarray(at * outputs, (at + 1) * outputs));
      continue;
    }
    feature[at] = split.feature;
    threshold[at] = split.threshold;
    defaultLeft[at] = split.defaultLeft ? 1 : 0;
    if (split.members !== null) members.set(at, split.members);
  }
  return { feature, threshold, left, right, defaultLeft, cover, value, members };
}

interface Visit {
  readonly node: number;
  /** Place of the parent in the walk, −1 for the root. */
  readonly parent: number;
  readonly isLeft: boolean;
  readonly depth: number;
  /** Null on a leaf. */
  readonly split: NodeSplit | null;
}

/** Nodes of one tree, parents before children, left before right. */
function walk(table: NodeTable, root: number, columns: readonly InputColumn[], reached: Uint8Array): Visit[] {
  const claim = (node: number): void => {
    if (reached[node] === 1) {
      throw new ModelRefusedError("malformed", "a node is reached on two ways (a cycle, or a child of two parents)");
    }
    reached[node] = 1;
  };
  const order: Visit[] = [];
  const stack = [{ node: root, parent: -1, isLeft: false, depth: 0 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    claim(next.node);
    if (next.depth > MAX_DEPTH) throw new ModelRefusedError("unsafe", `a tree is deeper than ${MAX_DEPTH} levels`);
    let chain = 0;
    const split =
      table.mode[next.node] === MODE.leaf
        ? null
        : nodeSplit(table, next.node, columns, (node) => {
            claim(node);
            chain += 1;
          });
    order.push({ ...next, split });
    if (split === null) continue;
    const parent = order.length - 1;
    const depth = next.depth + 1 + chain;
    stack.push({ node: split.right, parent, isLeft: false, depth }, { node: split.left, parent, isLeft: true, depth });
  }
  return order;
}

function addLeafValues(table: NodeTable, node: number, outputs: number, value: Float64Array): void {
  const start = table.weightStart[node] ?? 0;
  const stop = table.weightStart[node + 1] ?? 0;
  const seen = stop - start > 1 ? new Set<number>() : null;
  for (let at = start; at < stop; at++) {
    const target = table.weightTarget[at] ?? 0;
    const weight = table.weightValue[at] ?? 0;
    if (target >= outputs) throw new ModelRefusedError("malformed", `a leaf weighs output ${target} of ${outputs}`);
    if (!Number.isFinite(weight)) throw new ModelRefusedError("malformed", `a leaf has the value ${weight}`);
    // The runtime adds such weights for some models and takes the first for others.
    if (seen?.has(target)) throw new ModelRefusedError("malformed", `a leaf weighs output ${target} twice`);
    seen?.add(target);
    value[target] = weight;
  }
}
