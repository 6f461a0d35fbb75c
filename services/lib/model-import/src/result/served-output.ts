import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { SourceModel } from "../source/source-model.ts";

/** The output of an imported model that is served as the score: one number per row. */
export interface ServedOutput {
  /** The model: one output, or all classes when `classColumn` is set. */
  readonly model: TreeModel;
  /** Class whose softmax probability is served; null: the model's only output is served. */
  readonly classColumn: number | null;
  readonly outputSpace: FeatureBundle["outputSpace"];
  readonly classes: { readonly risk: string; readonly other: string };
  readonly notes: readonly string[];
}

/** Rounding error by which the leaf sums of a probability may be outside [0, 1]. */
const SLACK = 1e-4;

/**
 * Chooses the output that is served: the margin or probability of the risk class, or the raw number of a
 * regressor.
 * @param riskClass Name of the class that means risk, or index of the target; null: the last class or target.
 * @throws ImportRejectedError when the model has no class or target of this name.
 */
export function chooseServedOutput(source: SourceModel, riskClass: string | null): ServedOutput {
  const { model, classes } = source;
  const names = classes ?? Array.from({ length: model.outputs }, (_, k) => String(k));
  const risk = riskClass === null ? names.length - 1 : names.indexOf(riskClass);
  const name = names[risk];
  if (name === undefined) {
    throw new ImportRejectedError(
      "unsupported",
      `there is no class "${riskClass}"; known are ${names.slice(0, 20).join(", ")}`,
    );
  }
  if (classes === null) return serveTarget(model, risk, names.length);
  const others = names.filter((_, k) => k !== risk);
  const served = { risk: name, other: others.length === 1 ? others[0] : `not ${name}` };
  if (model.outputs === 1) {
    const speaks = risk === names.length - 1 ? model : oppositeClass(model);
    return { model: speaks, classColumn: null, outputSpace: spaceOf(speaks), classes: served, notes: [] };
  }
  if (model.link === "softmax" && model.outputs > 2) {
    const notes = [
      `the probability of one class of a softmax is not a sum of trees: contributions are of the margin of \`${name}\`, before the softmax`,
    ];
    return { model, classColumn: risk, outputSpace: "probability", classes: served, notes };
  }
  const one =
    model.link === "softmax"
      ? mixOutputs(model, [risk === 1 ? -1 : 1, risk === 1 ? 1 : -1], 0, "logistic")
      : mixOutputs(model, oneHot(model.outputs, risk), 0, model.link);
  return { model: one, classColumn: null, outputSpace: spaceOf(one), classes: served, notes: [] };
}

/**
 * Returns the output with another name of its risk class. The note says which class of the file it is.
 * @param name Undefined: the name of the file.
 * @throws ImportRejectedError for a regressor, which has no class.
 */
export function renameRiskClass(served: ServedOutput, name: string | undefined): ServedOutput {
  if (name === undefined || name === served.classes.risk) return served;
  if (served.outputSpace === "raw")
    throw new ImportRejectedError("unsupported", "a regressor has no classes, so its risk class has no name");
  const note = `risk class "${name}" is class "${served.classes.risk}" of the file`;
  return { ...served, classes: { risk: name, other: `not ${name}` }, notes: [...served.notes, note] };
}

function serveTarget(model: TreeModel, target: number, targets: number): ServedOutput {
  const one = targets === 1 ? model : mixOutputs(model, oneHot(targets, target), 0, model.link);
  const notes = targets === 1 ? [] : [`target ${target} of ${targets} is served`];
  if (one.link === "exp") notes.push("the output is the logarithm of the model's prediction");
  const outputSpace = one.link === "logistic" ? "margin" : "raw";
  return { model: one, classColumn: null, outputSpace, classes: { risk: "high", other: "low" }, notes };
}

/**
 * For a model of two classes with one output: returns the model whose output belongs to the other class. A
 * margin m becomes −m, a probability p becomes 1 − p.
 */
function oppositeClass(model: TreeModel): TreeModel {
  return mixOutputs(model, [-1], spaceOf(model) === "probability" ? 1 : 0, model.link);
}

function spaceOf(model: TreeModel): FeatureBundle["outputSpace"] {
  if (model.link === "logistic") return "margin";
  return model.link === "identity" && sumsToProbability(model) ? "probability" : "raw";
}

/**
 * Whether the output of every row is in [0, 1]: checks the sums of the smallest and of the largest leaves of
 * all trees.
 */
function sumsToProbability(model: TreeModel): boolean {
  let least = model.base[0];
  let largest = least;
  for (const tree of model.trees) {
    const leaves = tree.value.filter((_, node) => tree.feature[node] < 0);
    least += leaves.reduce((low, leaf) => Math.min(low, leaf), Number.POSITIVE_INFINITY);
    largest += leaves.reduce((high, leaf) => Math.max(high, leaf), Number.NEGATIVE_INFINITY);
  }
  return least >= -SLACK && largest <= 1 + SLACK;
}

/** Returns a model with one output: the weighted sum of all outputs, plus a constant. */
function mixOutputs(
  model: TreeModel,
  weights: readonly number[],
  constant: number,
  link: TreeModel["link"],
): TreeModel {
  const mix = (values: Float64Array, at: number): number =>
    weights.reduce((sum, weight, k) => sum + (weight === 0 ? 0 : weight * values[at + k]), 0);
  const trees = model.trees.map((tree): Tree => {
    const value = Float64Array.from(tree.feature, (_, node) => mix(tree.value, node * model.outputs));
    return { ...tree, value };
  });
  const used = trees.filter((tree) => tree.value.some((value) => value !== 0));
  return { ...model, outputs: 1, trees: used, base: Float64Array.of(mix(model.base, 0) + constant), link };
}

function oneHot(length: number, at: number): number[] {
  return Array.from({ length }, (_, k) => (k === at ? 1 : 0));
}
