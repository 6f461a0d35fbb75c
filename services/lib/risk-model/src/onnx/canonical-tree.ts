import { ModelRefusedError } from "../import/model-refused-error.ts";
import { belowAsFloat32, floorToFloat32 } from "../trees/float32.ts";
import type { Tree } from "../trees/tree-model.ts";
import { MODE, type NodeTable } from "./node-table.ts";

/** Deeper trees than any trainer grows; a runtime that follows children by recursion would not survive them. */
export const MAX_DEPTH = 1000;

/** Values (nodes × outputs) that the leaves of one model may take in memory. */
const MAX_VALUES = 16_777_216;

/** What a node asks once its comparison is turned into "x ≤ threshold goes left" or "x in set goes left". */
interface Split {
  readonly threshold: number;
  readonly members: Float32Array | null;
  readonly left: number;
  readonly right: number;
  readonly defaultLeft: boolean;
}

/** Columns that a row of any model may have; also what a service accepts. */
export const MAX_FEATURES = 65_536;

/**
 * Turns the trees of an ONNX ensemble into canonical ones, exactly as the runtime evaluates float32 rows: `<` becomes `≤` of
 * the next float below, `>` and `≥` swap the children, a chain of `=` on one feature with one common yes child becomes one set.
 * A missing value follows the comparison (false, for ≠ true) unless the node sends it to the yes child.
 * @param features Columns of the input row.
 * @param outputs Targets or classes.
 * @param covers Whether hit rates are the training weights of the nodes.
 * @throws ModelRefusedError cycles, a node under two parents, NaN or infinite numbers, depth over `MAX_DEPTH`.
 */
export function canonicalTrees(table: NodeTable, features: number, outputs: number, covers: boolean): Tree[] {
  if (!Number.isInteger(features) || features < 1 || features > MAX_FEATURES) {
    throw new ModelRefusedError("unsafe", `the input has ${features} columns, 1 to ${MAX_FEATURES} are served`);
  }
  if (!Number.isInteger(outputs) || outputs < 1)
    throw new ModelRefusedError("malformed", `the model has ${outputs} outputs`);
  if (table.size * outputs > MAX_VALUES) {
    throw new ModelRefusedError(
      "unsafe",
      `${table.size} nodes × ${outputs} outputs are more than ${MAX_VALUES} values`,
    );
  }
  const reached = new Uint8Array(table.size);
  for (const [node, feature] of table.feature.entries()) {
    if (table.mode[node] !== MODE.leaf && feature >= features) {
      throw new ModelRefusedError("malformed", `a node reads column ${feature} of ${features}`);
    }
  }
  return table.roots.map((root) => canonicalTree(table, root, outputs, covers, reached));
}

function canonicalTree(table: NodeTable, root: number, outputs: number, covers: boolean, reached: Uint8Array): Tree {
  const order = walk(table, root, reached);
  const size = order.length;
  const feature = new Int32Array(size).fill(-1);
  const threshold = new Float32Array(size);
  const left = new Int32Array(size).fill(-1);
  const right = new Int32Array(size).fill(-1);
  const defaultLeft = new Uint8Array(size);
  const cover = new Float64Array(size);
  const value = new Float64Array(size * outputs);
  const members = new Map<number, Float32Array>();
  for (const [at, visit] of order.entries()) {
    if (visit.parent >= 0) (visit.isLeft ? left : right)[visit.parent] = at;
    if (covers) cover[at] = table.hitRate?.[visit.node] ?? 0;
    if (visit.split === null) {
      addLeafValues(table, visit.node, outputs, value.subarray(at * outputs, (at + 1) * outputs));
      continue;
    }
    feature[at] = table.feature[visit.node] ?? 0;
    threshold[at] = visit.split.threshold;
    defaultLeft[at] = visit.split.defaultLeft ? 1 : 0;
    if (visit.split.members !== null) members.set(at, visit.split.members);
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
  readonly split: Split | null;
}

/** Nodes of one tree, parents before children, left before right. */
function walk(table: NodeTable, root: number, reached: Uint8Array): Visit[] {
  const order: Visit[] = [];
  const stack = [{ node: root, parent: -1, isLeft: false, depth: 0 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    claim(next.node, reached);
    if (next.depth > MAX_DEPTH) throw new ModelRefusedError("unsafe", `a tree is deeper than ${MAX_DEPTH} levels`);
    const split = table.mode[next.node] === MODE.leaf ? null : splitOf(table, next.node, reached);
    order.push({ ...next, split });
    if (split === null) continue;
    const parent = order.length - 1;
    const depth = next.depth + 1;
    stack.push({ node: split.right, parent, isLeft: false, depth }, { node: split.left, parent, isLeft: true, depth });
  }
  return order;
}

function claim(node: number, reached: Uint8Array): void {
  if (reached[node] === 1) {
    throw new ModelRefusedError("malformed", "a node is reached on two ways (a cycle, or a child of two parents)");
  }
  reached[node] = 1;
}

function splitOf(table: NodeTable, node: number, reached: Uint8Array): Split {
  const yes = table.yes[node] ?? -1;
  const no = table.no[node] ?? -1;
  const split = table.split[node] ?? 0;
  const missingYes = table.missingYes[node] === 1;
  if (table.mode[node] !== MODE.member && !Number.isFinite(split)) {
    throw new ModelRefusedError("malformed", `a node compares with ${split}`);
  }
  switch (table.mode[node]) {
    case MODE.lessOrEqual:
      return { threshold: floorToFloat32(split), members: null, left: yes, right: no, defaultLeft: missingYes };
    case MODE.less:
      return { threshold: belowAsFloat32(split), members: null, left: yes, right: no, defaultLeft: missingYes };
    case MODE.greater:
      return { threshold: floorToFloat32(split), members: null, left: no, right: yes, defaultLeft: !missingYes };
    case MODE.greaterOrEqual:
      return { threshold: belowAsFloat32(split), members: null, left: no, right: yes, defaultLeft: !missingYes };
    case MODE.equal:
      return equalityChain(table, node, reached);
    case MODE.notEqual:
      // NaN ≠ split holds, so a missing value goes to the yes child (right) whatever the flag says.
      return { threshold: 0, members: setOf([split]), left: no, right: yes, defaultLeft: false };
    default:
      return {
        threshold: 0,
        members: setOf(table.members.get(node) ?? []),
        left: yes,
        right: no,
        defaultLeft: missingYes,
      };
  }
}

/** Follows the no children as long as they ask the same feature for another value and share the yes child. */
function equalityChain(table: NodeTable, head: number, reached: Uint8Array): Split {
  const yes = table.yes[head] ?? -1;
  const feature = table.feature[head];
  const values = [table.split[head] ?? 0];
  let missingYes = table.missingYes[head] === 1;
  let no = table.no[head] ?? -1;
  while (table.mode[no] === MODE.equal && table.feature[no] === feature && table.yes[no] === yes) {
    claim(no, reached);
    values.push(table.split[no] ?? 0);
    missingYes ||= table.missingYes[no] === 1;
    no = table.no[no] ?? -1;
  }
  return { threshold: 0, members: setOf(values), left: yes, right: no, defaultLeft: missingYes };
}

/** Members that a float32 row can equal. */
function setOf(values: readonly number[]): Float32Array {
  if (!values.every(Number.isFinite)) throw new ModelRefusedError("malformed", "a set of values holds NaN or infinity");
  return Float32Array.from(new Set(values.filter((value) => Math.fround(value) === value))).sort();
}

function addLeafValues(table: NodeTable, node: number, outputs: number, value: Float64Array): void {
  const stop = table.weightStart[node + 1] ?? 0;
  for (let at = table.weightStart[node] ?? 0; at < stop; at++) {
    const target = table.weightTarget[at] ?? 0;
    const weight = table.weightValue[at] ?? 0;
    if (target >= outputs) throw new ModelRefusedError("malformed", `a leaf weighs output ${target} of ${outputs}`);
    if (!Number.isFinite(weight)) throw new ModelRefusedError("malformed", `a leaf has the value ${weight}`);
    value[target] = (value[target] ?? 0) + weight;
  }
}
