import { buildTree } from "../../trees/build-tree.ts";
import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { MAX_VALUES } from "../../trees/limits.ts";
import type { Tree } from "../../trees/tree-model.ts";
import type { InputColumn } from "./input-column.ts";
import { nodeSplit } from "./node-split.ts";
import { MODE, type NodeTable } from "./node-table.ts";

/**
 * Converts the trees of an ONNX ensemble to canonical trees that evaluate float32 rows exactly as ONNX
 * Runtime does.
 * @param columns The columns of the tensor that the trees read, each as a function of a raw column.
 * @param outputs Number of targets or classes.
 * @param covers Whether the hit rates are the training weights of the nodes.
 * @throws ImportRejectedError for cycles, a node with two parents, NaN or infinite numbers, trees that are too deep or too large.
 */
export function canonicalTrees(
  table: NodeTable,
  columns: readonly InputColumn[],
  outputs: number,
  covers: boolean,
): Tree[] {
  if (!Number.isInteger(outputs) || outputs < 1) {
    throw new ImportRejectedError("malformed", `the trees have ${outputs} outputs`);
  }
  if (table.size * outputs > MAX_VALUES) {
    throw new ImportRejectedError(
      "unsafe",
      `${table.size} nodes × ${outputs} outputs are more than ${MAX_VALUES} values`,
    );
  }
  const hitRate = covers ? table.hitRate : null;
  const reached = new Uint8Array(table.size);
  const claim = (node: number): void => {
    if (reached[node] === 1) {
      throw new ImportRejectedError("malformed", "a node is reached in two ways (a cycle, or a node with two parents)");
    }
    reached[node] = 1;
  };
  return table.roots.map((root) =>
    buildTree(root, outputs, table.size, (node) => {
      claim(node);
      const cover = hitRate === null ? 0 : hitRate[node];
      return table.mode[node] === MODE.leaf
        ? { cover, split: null, fill: (values) => addLeafValues(table, node, values) }
        : { cover, split: nodeSplit(table, node, columns, claim) };
    }),
  );
}

function addLeafValues(table: NodeTable, node: number, values: Float64Array): void {
  const start = table.weightStart[node];
  const stop = table.weightStart[node + 1];
  const seen = stop - start > 1 ? new Set<number>() : null;
  for (let at = start; at < stop; at++) {
    const target = table.weightTarget[at];
    const weight = table.weightValue[at];
    if (target >= values.length) {
      throw new ImportRejectedError("malformed", `a leaf weighs output ${target} of ${values.length}`);
    }
    if (!Number.isFinite(weight)) throw new ImportRejectedError("malformed", `a leaf has the value ${weight}`);
    // ONNX Runtime adds repeated weights in some models and takes the first one in others.
    if (seen?.has(target)) throw new ImportRejectedError("malformed", `a leaf weighs output ${target} twice`);
    seen?.add(target);
    values[target] = weight;
  }
}
