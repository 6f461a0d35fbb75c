import { leftShare } from "../trees/split.ts";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { NoCoversError } from "./no-covers-error.ts";

/**
 * Returns the model's expected raw output over its training rows, `[outputs]`. A prediction is this value
 * plus the path-dependent contributions.
 * @throws NoCoversError when the model has no covers.
 */
export function baseValue(model: TreeModel): Float64Array {
  if (!model.hasCovers) throw new NoCoversError();
  const expected = Float64Array.from(model.base);
  for (const tree of model.trees) addExpectation(tree, model.outputs, expected);
  return expected;
}

function addExpectation(tree: Tree, outputs: number, expected: Float64Array): void {
  const share = new Float64Array(tree.feature.length);
  share[0] = 1;
  // Children come after their parent. When this forward pass reaches a node, the fraction of the training
  // rows that reach the node is therefore known.
  for (const [node, part] of share.entries()) {
    if (tree.feature[node] >= 0) {
      const left = part * leftShare(tree, node);
      share[tree.left[node]] = left;
      share[tree.right[node]] = part - left;
      continue;
    }
    for (let k = 0; k < outputs; k++) {
      expected[k] += part * tree.value[node * outputs + k];
    }
  }
}
