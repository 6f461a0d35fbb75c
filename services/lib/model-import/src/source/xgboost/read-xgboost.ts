import { buildTree, type SourceNode } from "@bellwether/tree-model/trees/build-tree";
import { nextFloat32Below } from "@bellwether/tree-model/trees/float32";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { MAX_FEATURES, MAX_MEMBERS, MAX_OUTPUTS, MAX_VALUES } from "@bellwether/tree-model/trees/limits";
import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { NativeModel } from "../native-model.ts";
import { type JsonFields, jsonFields } from "../text/json-fields.ts";
import { readXgboostCategories } from "./xgboost-categories.ts";
import { allowXgboostKeys } from "./xgboost-keys.ts";
import { readXgboostBase, xgboostObjective } from "./xgboost-objective.ts";

/**
 * Reads XGBoost's own model (JSON or UBJSON, already parsed). `sum_hessian` holds true covers. A row goes
 * left when `x < condition`, a category in the list goes right, and a missing value follows `default_left`.
 * @throws ImportRejectedError for linear boosters, vector leaves, unknown objectives, and files that contradict themselves.
 */
export function readXgboost(parsed: unknown): NativeModel {
  const file = jsonFields(parsed, "");
  const learner = file.child("learner");
  const parameters = learner.child("learner_model_param");
  const objective = xgboostObjective(learner.child("objective").text("name"));
  const features = countIn(parameters, "num_feature", MAX_FEATURES);
  const targets = parameters.has("num_target") ? parameters.number("num_target") : 1;
  const outputs = Math.max(1, parameters.number("num_class"), targets);
  if (!Number.isInteger(outputs) || outputs > MAX_OUTPUTS) {
    throw new ImportRejectedError(
      "unsafe",
      `${parameters.path} claims ${outputs} outputs, at most ${MAX_OUTPUTS} are read`,
    );
  }
  if (objective.link === "softmax" && outputs === 1) {
    throw new ImportRejectedError("unsupported", "a classifier of one class: its probability is 1 for every row");
  }
  if (objective.name === "reg:expectileerror" && outputs > 1) {
    throw new ImportRejectedError(
      "unsupported",
      "reg:expectileerror with several expectiles: each prediction is added to the one before, so it is not a link of a sum of trees; train one model for each expectile_alpha",
    );
  }
  const names = learner.texts("feature_names");
  const columnNames = names.length === features ? names : Array.from({ length: features }, (_, f) => `f${f}`);
  const version = file.has("version") ? file.numbers("version", null) : [];
  const { trees, notes, codes } = readBooster(learner.child("gradient_booster"), { columnNames, outputs, version });
  allowXgboostKeys(file, "file");
  allowXgboostKeys(learner, "learner");
  allowXgboostKeys(parameters, "parameters");
  allowXgboostKeys(learner.child("objective"), "objective");
  const base = readXgboostBase(parameters, objective, outputs);
  const model: TreeModel = { features, outputs, trees, base, link: objective.link, hasCovers: trees.length > 0 };
  const types = learner.texts("feature_types");
  return {
    model,
    columnNames,
    categorical: new Set([...codes.keys()].filter((f) => types[f] === "c" || codes[f] !== null)),
    codes,
    objective: objective.name,
    isClassifier: objective.isClassifier,
    notes: [...notes, ...earlyStopping(learner, trees.length)],
  };
}

interface BoosterContext {
  /** `[features]` */
  readonly columnNames: readonly string[];
  readonly outputs: number;
  /** Version of XGBoost that saved the file, for example `[3, 4, 1]`; empty when the file has none. */
  readonly version: readonly number[];
}

function readBooster(booster: JsonFields, { columnNames, outputs, version }: BoosterContext) {
  const features = columnNames.length;
  const name = booster.text("name");
  if (name !== "gbtree" && name !== "dart") {
    throw new ImportRejectedError(
      "unsupported",
      `booster ${name.slice(0, 40)} is not made of trees; train with booster=gbtree`,
    );
  }
  allowXgboostKeys(booster, "booster");
  const holder = booster.has("gbtree") ? booster.child("gbtree") : booster;
  if (holder !== booster) allowXgboostKeys(holder, "booster");
  const model = holder.child("model");
  allowXgboostKeys(model, "model");
  if (model.has("gbtree_model_param")) allowXgboostKeys(model.child("gbtree_model_param"), "size");
  const sources = model.children("trees");
  const groups = model.numbers("tree_info", sources.length);
  const weights = treeWeights(name, [booster, holder, model], sources.length);
  const nodes = sources.reduce((sum, source) => sum + source.child("tree_param").number("num_nodes"), 0);
  if (!(nodes * outputs <= MAX_VALUES)) {
    throw new ImportRejectedError("unsafe", `${nodes} nodes × ${outputs} outputs are more than ${MAX_VALUES} values`);
  }
  const budget = { members: MAX_MEMBERS };
  const trees = sources.map((source, at) => {
    const group = groups[at];
    if (!Number.isInteger(group) || group < 0 || group >= outputs) {
      throw new ImportRejectedError("malformed", `tree ${at} belongs to output ${group} of ${outputs}`);
    }
    return readTree(source, { features, outputs, group, weight: weights === null ? 1 : weights[at], budget });
  });
  const categories = readXgboostCategories(model, columnNames, version);
  const dart = weights === null ? [] : ["dart: each tree's weight is multiplied into its leaves"];
  return { trees, notes: [...dart, ...categories.notes], codes: categories.codes };
}

/**
 * Returns the weight of each tree of a dart model. XGBoost up to 3.3 writes the weights beside the booster's
 * name "dart", 3.4 beside the trees of a "gbtree".
 * @returns Null: every tree has the weight 1.
 * @throws ImportRejectedError for dart without weights, two lists that differ, and weights that are not numbers.
 */
function treeWeights(name: string, holders: readonly JsonFields[], trees: number): readonly number[] | null {
  const lists = [...new Set(holders)]
    .filter((holder) => holder.has("weight_drop"))
    .map((holder) => holder.numbers("weight_drop", trees));
  const [weights] = lists;
  if (weights === undefined) {
    if (name !== "dart") return null;
    throw new ImportRejectedError("malformed", "a dart booster without weight_drop, the weights of its trees");
  }
  if (!weights.every(Number.isFinite))
    throw new ImportRejectedError("malformed", "weight_drop holds a number that is not finite");
  if (lists.some((list) => list.some((weight, at) => weight !== weights[at]))) {
    throw new ImportRejectedError("malformed", "the file holds two lists of weight_drop that differ");
  }
  return weights;
}

interface TreeContext {
  readonly features: number;
  readonly outputs: number;
  /** Index of the output that the tree adds to. */
  readonly group: number;
  readonly weight: number;
  readonly budget: { members: number };
}

function readTree(source: JsonFields, context: TreeContext): Tree {
  const { features, outputs, group, weight } = context;
  const parameters = source.child("tree_param");
  allowXgboostKeys(source, "tree");
  allowXgboostKeys(parameters, "treeSize");
  if (parameters.has("size_leaf_vector") && parameters.number("size_leaf_vector") > 1) {
    throw new ImportRejectedError(
      "unsupported",
      "trees with a vector in each leaf (multi_output_tree) are not read; train with multi_strategy=one_output_per_tree",
    );
  }
  const left = source.numbers("left_children", null);
  const size = left.length;
  const right = source.numbers("right_children", size);
  const column = source.numbers("split_indices", size);
  const condition = source.numbers("split_conditions", size);
  const hessian = source.numbers("sum_hessian", size);
  const defaultLeft = source.flags("default_left", size);
  const isSet = source.has("split_type") ? source.numbers("split_type", size) : [];
  const sets = readSets(source, context.budget);
  const reached = new Uint8Array(size);
  const describe = (node: number): SourceNode<number> => {
    if (!Number.isInteger(node) || node < 0 || node >= size || reached[node] === 1) {
      throw new ImportRejectedError("malformed", `${source.path}: node ${node} does not exist or has two parents`);
    }
    reached[node] = 1;
    const cover = hessian[node];
    const value = condition[node];
    if (!Number.isFinite(value) || !Number.isFinite(cover) || cover < 0) {
      throw new ImportRejectedError(
        "malformed",
        `${source.path}: node ${node} holds ${value} under a weight of ${cover}`,
      );
    }
    if (left[node] === -1) {
      const fill = (values: Float64Array): void => {
        values[group] = Math.fround(value) * weight;
      };
      return { cover, split: null, fill };
    }
    const feature = column[node];
    if (!Number.isInteger(feature) || feature < 0 || feature >= features) {
      throw new ImportRejectedError("malformed", `${source.path}: node ${node} reads column ${feature} of ${features}`);
    }
    const missingLeft = defaultLeft[node] === true;
    const children = { left: left[node], right: right[node] };
    if (isSet[node] !== 1) {
      const threshold = nextFloat32Below(value);
      return { cover, split: { feature, threshold, members: null, defaultLeft: missingLeft, ...children } };
    }
    const members = sets.get(node);
    if (members === undefined)
      throw new ImportRejectedError("malformed", `${source.path}: node ${node} lacks its categories`);
    const swapped = { left: children.right, right: children.left };
    return { cover, split: { feature, threshold: 0, members, defaultLeft: !missingLeft, ...swapped } };
  };
  return buildTree(0, outputs, size, describe);
}

/** Returns the categories that go right, ascending, by node. */
function readSets(source: JsonFields, budget: { members: number }): Map<number, Float32Array> {
  const sets = new Map<number, Float32Array>();
  if (!source.has("categories_nodes")) return sets;
  const nodes = source.numbers("categories_nodes", null);
  const starts = source.numbers("categories_segments", nodes.length);
  const sizes = source.numbers("categories_sizes", nodes.length);
  const categories = source.numbers("categories", null);
  for (const [at, node] of nodes.entries()) {
    const start = starts[at];
    const members = categories.slice(start, start + sizes[at]);
    budget.members -= members.length;
    if (budget.members < 0)
      throw new ImportRejectedError("unsafe", `the trees' sets hold more than ${MAX_MEMBERS} members`);
    if (
      members.length === 0 ||
      !members.every((category) => Number.isInteger(category) && category >= 0 && category < 2 ** 24)
    ) {
      throw new ImportRejectedError(
        "malformed",
        `${source.path}: the categories of node ${node} are not whole numbers`,
      );
    }
    sets.set(node, Float32Array.from(new Set(members)).sort());
  }
  return sets;
}

function earlyStopping(learner: JsonFields, trees: number): string[] {
  if (!learner.has("attributes") || !learner.child("attributes").has("best_iteration")) return [];
  const best = learner.child("attributes").number("best_iteration");
  return [
    `early stopping: best_iteration is ${best}, but all ${trees} trees count; save model[: ${best + 1}] to cut the others`,
  ];
}

function countIn(fields: JsonFields, name: string, most: number): number {
  const value = fields.number(name);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ImportRejectedError("unsafe", `${fields.path}.${name} is ${value}, 1 to ${most} are served`);
}
