import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { baseValue } from "./base-value.ts";
import { goesLeft, leftShare } from "./split.ts";

/** One row's exact explanation: `baseValue[k] + Σ contributions[k × features + j]` is the raw output k. */
export interface TreeShapResult {
  /** Expected raw output, `[outputs]`. */
  readonly baseValue: Float64Array;
  /** `[outputs × features]`, row-major. */
  readonly contributions: Float64Array;
}

/** A feature met on the way from the root. */
interface PathStep {
  /** Column, −1 for the root's placeholder. */
  readonly feature: number;
  /** Share of training rows that go this way when the feature is unknown. */
  readonly zero: number;
  /** 1 when the explained row goes this way, else 0. */
  readonly one: number;
}

interface Path {
  readonly steps: readonly PathStep[];
  /** Permutation weight of each subset size, one a step. */
  readonly weights: Float64Array;
}

/**
 * Path-dependent SHAP values in float64 by TreeSHAP (Lundberg, Erion, Lee: Consistent Individualized Feature
 * Attribution for Tree Ensembles, 2018, arXiv 1802.03888, Algorithm 2). The yardstick of the faster kernels,
 * within 1e-9 up to some 30 distinct features on a path; its subtractions lose all digits beyond 60.
 * @param row `[features]`, NaN = missing.
 * @throws NoCoversError when the model has no covers.
 */
export function treeShap(model: TreeModel, row: Float32Array): TreeShapResult {
  const base = baseValue(model);
  const contributions = new Float64Array(model.outputs * model.features);
  for (const tree of model.trees) explainTree(model, tree, row, contributions);
  return { baseValue: base, contributions };
}

function explainTree(model: TreeModel, tree: Tree, row: Float32Array, contributions: Float64Array): void {
  const pending: { readonly node: number; readonly path: Path }[] = [
    { node: 0, path: extend({ steps: [], weights: new Float64Array(0) }, { feature: -1, zero: 1, one: 1 }) },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, path } = next;
    const feature = tree.feature[node] ?? -1;
    if (feature < 0) {
      addLeaf(model, tree, node, path, contributions);
      continue;
    }
    const seen = path.steps.findIndex((step) => step.feature === feature);
    const { zero, one } = path.steps[seen] ?? { zero: 1, one: 1 };
    const rest = seen < 0 ? path : { steps: path.steps.toSpliced(seen, 1), weights: unwind(path, seen) };
    const left = goesLeft(tree, node, row[feature] ?? Number.NaN);
    const share = leftShare(tree, node);
    for (const [child, part, taken] of [
      [tree.left[node] ?? -1, share, left],
      [tree.right[node] ?? -1, 1 - share, !left],
    ] as const) {
      const step = { feature, zero: zero * part, one: taken ? one : 0 };
      // Neither the row nor any training row gets there: every term below has a factor of zero.
      if (step.zero > 0 || step.one > 0) pending.push({ node: child, path: extend(rest, step) });
    }
  }
}

function addLeaf(model: TreeModel, tree: Tree, node: number, path: Path, contributions: Float64Array): void {
  for (const [i, step] of path.steps.entries()) {
    if (step.feature < 0) continue;
    const weight = unwind(path, i).reduce((sum, w) => sum + w, 0) * (step.one - step.zero);
    for (let k = 0; k < model.outputs; k++) {
      const at = k * model.features + step.feature;
      contributions[at] = (contributions[at] ?? 0) + weight * (tree.value[node * model.outputs + k] ?? 0);
    }
  }
}

/** EXTEND of the paper: grows the subsets by one feature. */
function extend(path: Path, step: PathStep): Path {
  const length = path.steps.length;
  const weights = new Float64Array(length + 1);
  weights.set(path.weights);
  if (length === 0) weights[0] = 1;
  for (let i = length - 1; i >= 0; i--) {
    const w = weights[i] ?? 0;
    weights[i + 1] = (weights[i + 1] ?? 0) + (step.one * w * (i + 1)) / (length + 1);
    weights[i] = (step.zero * w * (length - i)) / (length + 1);
  }
  return { steps: [...path.steps, step], weights };
}

/** UNWIND of the paper: the weights as they would be without step `at`, whose zero and one are not both 0. */
function unwind(path: Path, at: number): Float64Array {
  const { zero, one } = path.steps[at] ?? { zero: 1, one: 1 };
  const last = path.steps.length - 1;
  const weights = path.weights.slice(0, last);
  let next = path.weights[last] ?? 0;
  for (let i = last - 1; i >= 0; i--) {
    const w = path.weights[i] ?? 0;
    if (one !== 0) {
      weights[i] = (next * (last + 1)) / ((i + 1) * one);
      next = w - ((weights[i] ?? 0) * zero * (last - i)) / (last + 1);
    } else {
      weights[i] = (w * (last + 1)) / (zero * (last - i));
    }
  }
  return weights;
}
