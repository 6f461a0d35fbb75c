import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { MAX_VALUES } from "../../trees/limits.ts";
import type { Tree, TreeModel } from "../../trees/tree-model.ts";
import type { ScoreTensor } from "./score-tensor.ts";

/**
 * The canonical trees of one ensemble operator. `firstRaw` is the index of the operator's first output among
 * the raw tree outputs of the graph.
 */
export interface RawEnsemble {
  readonly trees: readonly Tree[];
  readonly outputs: number;
  readonly firstRaw: number;
  readonly isClassifier: boolean;
  readonly hasCovers: boolean;
}

/**
 * Builds a model with one output for each linear form of `scores` (a weighted sum of raw tree outputs plus a
 * bias). Each leaf of the model holds the value that it adds to each output.
 * @param features Number of raw columns.
 */
export function materialiseScores(ensembles: readonly RawEnsemble[], scores: ScoreTensor, features: number): TreeModel {
  const outputs = scores.forms.length;
  const used = ensembles.filter((ensemble) => weightsOf(ensemble, scores).some((weight) => weight !== 0));
  const nodes = used.flatMap((ensemble) => ensemble.trees).reduce((sum, tree) => sum + tree.feature.length, 0);
  if (nodes * outputs > MAX_VALUES) {
    throw new ImportRejectedError("unsafe", `${nodes} nodes × ${outputs} outputs are more than ${MAX_VALUES} values`);
  }
  const trees = used.flatMap((ensemble) => {
    const weights = weightsOf(ensemble, scores);
    return ensemble.trees.map((tree) => ({
      ...tree,
      value: mixValues(tree.value, ensemble.outputs, weights, outputs),
    }));
  });
  return {
    features,
    outputs,
    trees,
    base: Float64Array.from(scores.forms, (form) => form.bias),
    link: scores.link,
    hasCovers: used.length > 0 && used.every((ensemble) => ensemble.hasCovers),
  };
}

/**
 * Returns the weight of each of the ensemble's outputs in each linear form of `scores`, `[linear forms ×
 * ensemble outputs]`, row-major.
 */
function weightsOf(ensemble: RawEnsemble, scores: ScoreTensor): number[] {
  return scores.forms.flatMap((form) =>
    Array.from({ length: ensemble.outputs }, (_, o) => form.weights.get(ensemble.firstRaw + o) ?? 0),
  );
}

function mixValues(value: Float64Array, from: number, weights: readonly number[], to: number): Float64Array {
  const nodes = value.length / from;
  const mixed = new Float64Array(nodes * to);
  for (let node = 0; node < nodes; node++) {
    for (let k = 0; k < to; k++) {
      let sum = 0;
      for (let o = 0; o < from; o++) sum += weights[k * from + o] * value[node * from + o];
      mixed[node * to + k] = sum;
    }
  }
  return mixed;
}
