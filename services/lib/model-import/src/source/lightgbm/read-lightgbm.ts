import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import {
  MAX_FEATURES,
  MAX_GROWN_NODES,
  MAX_MEMBERS,
  MAX_OUTPUTS,
  MAX_VALUES,
} from "@bellwether/tree-model/trees/limits";
import type { Link, Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import type { NativeModel } from "../native-model.ts";
import { lightgbmCategories } from "./lightgbm-categories.ts";
import { readLightgbmText, type TextSection } from "./lightgbm-text.ts";
import { readLightgbmTree } from "./lightgbm-tree.ts";

/**
 * Link function of each supported objective, by the first word of the `objective` line. The prediction is
 * this function of the trees' sum.
 */
const LINKS: Readonly<Record<string, Link>> = {
  regression: "identity",
  regression_l1: "identity",
  huber: "identity",
  fair: "identity",
  quantile: "identity",
  mape: "identity",
  lambdarank: "identity",
  rank_xendcg: "identity",
  poisson: "exp",
  gamma: "exp",
  tweedie: "exp",
  binary: "logistic",
  cross_entropy: "logistic",
  multiclass: "softmax",
  multiclassova: "logistic",
};
/** Keys of the head that are read, or that are known not to change scores. */
const HEAD_KEYS: ReadonlySet<string> = new Set([
  "tree",
  "version",
  "num_class",
  "num_tree_per_iteration",
  "label_index",
  "max_feature_idx",
  "objective",
  "average_output",
  "feature_names",
  "monotone_constraints",
  "feature_infos",
  "tree_sizes",
  "feature_contri",
]);

const CLASSIFIERS: ReadonlySet<string> = new Set(["binary", "multiclass", "multiclassova"]);

/**
 * Reads LightGBM's own model file (text). Its counts are true covers. Margins are log-odds: a `sigmoid` other
 * than 1 and the average of a random forest are multiplied into the leaves.
 * @throws ImportRejectedError for unknown objectives, linear trees, and files that contradict themselves.
 */
export function readLightgbm(bytes: Uint8Array): NativeModel {
  const { head, trees: sections, pandasCategories } = readLightgbmText(bytes);
  head.allowOnly(HEAD_KEYS);
  const features = countIn(head, "max_feature_idx", MAX_FEATURES - 1, 0) + 1;
  const outputs = countIn(head, "num_tree_per_iteration", MAX_OUTPUTS, 1);
  const [objective = "", ...parameters] = head.has("objective") ? head.text("objective").split(" ") : ["regression"];
  const link = LINKS[objective];
  if (link === undefined || parameters.includes("sqrt")) {
    const name = [objective, ...parameters].join(" ").slice(0, 80);
    throw new ImportRejectedError(
      "unsupported",
      `objective "${name}" is not a known link of a sum of trees; train with another objective, for example binary or regression`,
    );
  }
  if (sections.length === 0 || sections.length % outputs !== 0) {
    throw new ImportRejectedError("malformed", `${sections.length} trees do not make whole rounds of ${outputs}`);
  }
  const sigmoid = sigmoidOf(objective, parameters);
  const rounds = sections.length / outputs;
  const averages = head.has("average_output");
  const trees = readTrees(sections, { features, outputs, scale: averages ? sigmoid / rounds : sigmoid });
  const hasCovers = trees.every(hasTreeCovers) && trees.some((tree) => tree.feature.length > 1);
  const model: TreeModel = { features, outputs, trees, base: new Float64Array(outputs), link, hasCovers };
  const names = head.text("feature_names").split(/ +/);
  const infos = head.has("feature_infos") ? head.text("feature_infos").split(/ +/) : [];
  const described = infos.length === features ? infos : Array.from({ length: features }, () => "none");
  const categories = lightgbmCategories(described, pandasCategories);
  const notes = [
    ...categories.notes,
    ...(sigmoid === 1 ? [] : [`margins are LightGBM's raw scores times its sigmoid parameter ${sigmoid}`]),
    ...(averages ? [`leaves are divided by the ${rounds} rounds whose average the model is`] : []),
  ];
  return {
    model,
    columnNames: names.length === features ? names : Array.from({ length: features }, (_, f) => `Column_${f}`),
    categorical: categories.categorical,
    codes: categories.codes,
    ranges: described.map(rangeOf),
    objective,
    isClassifier: CLASSIFIERS.has(objective),
    notes,
  };
}

/** Reads `feature_infos` of a numeric column, for example "[0:1.5]"; null for any other. */
function rangeOf(info: string): readonly [number, number] | null {
  const [, low, high] = /^\[([^:\]]+):([^:\]]+)\]$/.exec(info) ?? [];
  const range = [Number(low), Number(high)] as const;
  return range.every(Number.isFinite) ? range : null;
}

function readTrees(
  sections: readonly TextSection[],
  context: { readonly features: number; readonly outputs: number; readonly scale: number },
): Tree[] {
  const budget = { members: MAX_MEMBERS, nodes: MAX_GROWN_NODES };
  let values = 0;
  return sections.map((section, at) => {
    const tree = readLightgbmTree(section, { ...context, group: at % context.outputs, budget });
    values += tree.value.length;
    if (values > MAX_VALUES) {
      throw new ImportRejectedError("unsafe", `nodes × outputs are more than ${MAX_VALUES} values`);
    }
    return tree;
  });
}

/** A tree of one leaf has no counts and needs none. A leaf that no training row reached has the count 0. */
function hasTreeCovers(tree: Tree): boolean {
  return tree.feature.length === 1 || (tree.cover[0] > 0 && tree.cover.every((cover) => cover >= 0));
}

function sigmoidOf(objective: string, parameters: readonly string[]): number {
  if (objective !== "binary" && objective !== "multiclassova") return 1;
  const written = parameters.find((parameter) => parameter.startsWith("sigmoid:"));
  const sigmoid = written === undefined ? 1 : Number(written.slice("sigmoid:".length));
  if (Number.isFinite(sigmoid) && sigmoid > 0) return sigmoid;
  throw new ImportRejectedError(
    "malformed",
    `objective ${objective} has the sigmoid parameter "${written?.slice(0, 40)}"`,
  );
}

function countIn(head: TextSection, key: string, most: number, least: number): number {
  const value = head.number(key);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ImportRejectedError("unsafe", `${key} is ${value}, ${least} to ${most} are read`);
}
