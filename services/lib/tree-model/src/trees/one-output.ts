import type { Tree, TreeModel } from "./tree-model.ts";

/**
 * Returns the model of one output: the sum of its leaves, before the link function over several outputs. Trees that
 * add nothing to the output are left out.
 * @param output Index of the output, from 0.
 * @throws RangeError when the model has no such output.
 */
export function oneOutput(model: TreeModel, output: number): TreeModel {
  const { outputs } = model;
  if (!(output >= 0 && output < outputs)) throw new RangeError(`output ${output} of ${outputs}`);
  const trees = model.trees.map(
    (tree): Tree => ({
      ...tree,
      value: Float64Array.from(tree.feature, (_, node) => tree.value[node * outputs + output]),
    }),
  );
  return {
    ...model,
    outputs: 1,
    trees: trees.filter((tree) => tree.value.some((value) => value !== 0)),
    base: Float64Array.of(model.base[output]),
    link: "identity",
  };
}
