import { nextFloat32Below } from "../trees/float32.ts";
import type { Link, Tree, TreeModel } from "../trees/tree-model.ts";
import { buildTree, type SourceNode } from "./build-tree.ts";
import { type JsonFields, jsonFields } from "./json-fields.ts";
import { MAX_FEATURES, MAX_MEMBERS, MAX_OUTPUTS, MAX_VALUES } from "./limits.ts";
import { ModelRefusedError } from "./model-refused-error.ts";
import type { NativeModel } from "./native-model.ts";

/** How an objective reads the trees' sum, and how its `base_score` becomes a margin. */
interface Objective {
  readonly link: Link;
  readonly baseToMargin: (score: number) => number;
  readonly isClassifier?: true;
}

const same = (score: number): number => score;
const logit = (score: number): number => -Math.log(1 / score - 1);

const IDENTITY: Objective = { link: "identity", baseToMargin: same };
const LOG: Objective = { link: "exp", baseToMargin: Math.log };
const LOGISTIC: Objective = { link: "logistic", baseToMargin: logit };

/** Objectives of XGBoost 1.0 to 3.x whose prediction is a link of the sum. */
const OBJECTIVES: Readonly<Record<string, Objective>> = {
  "reg:squarederror": IDENTITY,
  "reg:linear": IDENTITY,
  "reg:squaredlogerror": IDENTITY,
  "reg:pseudohubererror": IDENTITY,
  "reg:absoluteerror": IDENTITY,
  "reg:quantileerror": IDENTITY,
  "reg:expectileerror": IDENTITY,
  "rank:pairwise": IDENTITY,
  "rank:ndcg": IDENTITY,
  "rank:map": IDENTITY,
  "reg:logistic": LOGISTIC,
  "binary:logistic": { ...LOGISTIC, isClassifier: true },
  "binary:logitraw": { link: "identity", baseToMargin: logit, isClassifier: true },
  "multi:softprob": { link: "softmax", baseToMargin: same, isClassifier: true },
  "multi:softmax": { link: "softmax", baseToMargin: same, isClassifier: true },
  "count:poisson": LOG,
  "reg:gamma": LOG,
  "reg:tweedie": LOG,
  "survival:cox": LOG,
  "survival:aft": LOG,
};

/**
 * Reads XGBoost's own model (JSON or UBJSON, parsed). `sum_hessian` gives true covers; a row goes left when `x < condition`, a
 * matching category goes right, a missing value follows `default_left`.
 * @throws ModelRefusedError linear boosters, vector leaves, unknown objectives, anything that contradicts itself.
 */
export function readXgboost(parsed: unknown): NativeModel {
  const learner = jsonFields(parsed, "").child("learner");
  const parameters = learner.child("learner_model_param");
  const objectiveName = learner.child("objective").text("name");
  const objective = OBJECTIVES[objectiveName];
  if (objective === undefined) {
    throw new ModelRefusedError(
      "unsupported",
      `objective ${objectiveName.slice(0, 80)} is no known link of a sum of trees`,
    );
  }
  const features = countIn(parameters, "num_feature", MAX_FEATURES);
  const targets = parameters.has("num_target") ? parameters.number("num_target") : 1;
  const outputs = Math.max(1, parameters.number("num_class"), targets);
  if (!Number.isInteger(outputs) || outputs > MAX_OUTPUTS) {
    throw new ModelRefusedError(
      "unsafe",
      `${parameters.path} claims ${outputs} outputs, at most ${MAX_OUTPUTS} are read`,
    );
  }
  const { trees, dropped } = readBooster(learner.child("gradient_booster"), features, outputs);
  const base = readBase(parameters, objective, outputs);
  const model: TreeModel = { features, outputs, trees, base, link: objective.link, hasCovers: trees.length > 0 };
  const names = learner.texts("feature_names");
  const types = learner.texts("feature_types");
  return {
    model,
    columnNames: names.length === features ? names : Array.from({ length: features }, (_, f) => `f${f}`),
    categorical: new Set([...types.keys()].filter((f) => types[f] === "c")),
    objective: objectiveName,
    isClassifier: objective.isClassifier === true,
    notes: [...dropped, ...earlyStopping(learner, trees.length)],
  };
}

function readBooster(booster: JsonFields, features: number, outputs: number) {
  const name = booster.text("name");
  if (name !== "gbtree" && name !== "dart") {
    throw new ModelRefusedError("unsupported", `booster ${name.slice(0, 40)} is not made of trees`);
  }
  const model = name === "dart" ? booster.child("gbtree").child("model") : booster.child("model");
  const sources = model.children("trees");
  const groups = model.numbers("tree_info", sources.length);
  const weights = name === "dart" ? booster.numbers("weight_drop", sources.length) : null;
  const nodes = sources.reduce((sum, source) => sum + source.child("tree_param").number("num_nodes"), 0);
  if (!(nodes * outputs <= MAX_VALUES)) {
    throw new ModelRefusedError("unsafe", `${nodes} nodes × ${outputs} outputs are more than ${MAX_VALUES} values`);
  }
  const budget = { members: MAX_MEMBERS };
  const trees = sources.map((source, at) => {
    const group = groups[at] ?? 0;
    if (!Number.isInteger(group) || group < 0 || group >= outputs) {
      throw new ModelRefusedError("malformed", `tree ${at} belongs to output ${group} of ${outputs}`);
    }
    return readTree(source, { features, outputs, group, weight: weights?.[at] ?? 1, budget });
  });
  const dropped = weights === null ? [] : ["dart: each tree's weight is multiplied into its leaves"];
  return { trees, dropped };
}

interface TreeContext {
  readonly features: number;
  readonly outputs: number;
  /** Output that the tree adds to. */
  readonly group: number;
  readonly weight: number;
  readonly budget: { members: number };
}

function readTree(source: JsonFields, context: TreeContext): Tree {
  const { features, outputs, group, weight } = context;
  const parameters = source.child("tree_param");
  if (parameters.has("size_leaf_vector") && parameters.number("size_leaf_vector") > 1) {
    throw new ModelRefusedError("unsupported", "trees with a vector in each leaf (multi_output_tree) are not read");
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
      throw new ModelRefusedError("malformed", `${source.path}: node ${node} does not exist or has two parents`);
    }
    reached[node] = 1;
    const cover = hessian[node] ?? 0;
    const value = condition[node] ?? Number.NaN;
    if (!Number.isFinite(value) || !Number.isFinite(cover) || cover < 0) {
      throw new ModelRefusedError(
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
    const feature = column[node] ?? -1;
    if (!Number.isInteger(feature) || feature < 0 || feature >= features) {
      throw new ModelRefusedError("malformed", `${source.path}: node ${node} reads column ${feature} of ${features}`);
    }
    const missingLeft = defaultLeft[node] === true;
    const children = { left: left[node] ?? -1, right: right[node] ?? -1 };
    if (isSet[node] !== 1) {
      const threshold = nextFloat32Below(value);
      return { cover, split: { feature, threshold, members: null, defaultLeft: missingLeft, ...children } };
    }
    const members = sets.get(node);
    if (members === undefined)
      throw new ModelRefusedError("malformed", `${source.path}: node ${node} lacks its categories`);
    const swapped = { left: children.right, right: children.left };
    return { cover, split: { feature, threshold: 0, members, defaultLeft: !missingLeft, ...swapped } };
  };
  return buildTree(0, outputs, size, describe);
}

/** Node → categories that go right, ascending. */
function readSets(source: JsonFields, budget: { members: number }): Map<number, Float32Array> {
  const sets = new Map<number, Float32Array>();
  if (!source.has("categories_nodes")) return sets;
  const nodes = source.numbers("categories_nodes", null);
  const starts = source.numbers("categories_segments", nodes.length);
  const sizes = source.numbers("categories_sizes", nodes.length);
  const categories = source.numbers("categories", null);
  for (const [at, node] of nodes.entries()) {
    const start = starts[at] ?? 0;
    const members = categories.slice(start, start + (sizes[at] ?? 0));
    budget.members -= members.length;
    if (budget.members < 0)
      throw new ModelRefusedError("unsafe", `the trees' sets hold more than ${MAX_MEMBERS} members`);
    if (
      members.length === 0 ||
      !members.every((category) => Number.isInteger(category) && category >= 0 && category < 2 ** 24)
    ) {
      throw new ModelRefusedError("malformed", `${source.path}: the categories of node ${node} are not whole numbers`);
    }
    sets.set(node, Float32Array.from(new Set(members)).sort());
  }
  return sets;
}

/** `base_score` is a prediction, not a margin; from 3.1 on it is a list. */
function readBase(parameters: JsonFields, objective: Objective, outputs: number): Float64Array {
  const text = parameters.has("base_score") ? parameters.text("base_score") : "0.5";
  const scores = text
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (scores.length !== 1 && scores.length !== outputs) {
    throw new ModelRefusedError("malformed", `base_score has ${scores.length} entries for ${outputs} outputs`);
  }
  const base = Float64Array.from({ length: outputs }, (_, k) =>
    Math.fround(objective.baseToMargin(Math.fround((scores.length === 1 ? scores[0] : scores[k]) ?? Number.NaN))),
  );
  if (!base.every(Number.isFinite))
    throw new ModelRefusedError("malformed", `base_score ${text.slice(0, 80)} gives no margin`);
  return base;
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
  throw new ModelRefusedError("unsafe", `${fields.path}.${name} is ${value}, 1 to ${most} are served`);
}
