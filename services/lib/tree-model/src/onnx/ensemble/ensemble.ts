import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { MAX_OUTPUTS } from "../../trees/limits.ts";
import { integerAttribute, integersOf, textAttribute, textsOf } from "../file/attributes.ts";
import type { OnnxNode } from "../file/onnx-file.ts";
import { readIndexedNodes } from "./indexed-nodes.ts";
import { floatsOrTensor, readListedNodes } from "./listed-nodes.ts";
import type { NodeTable } from "./node-table.ts";

/** A tree operator: its nodes, and how the leaves that a row reaches are combined into its output. */
export interface Ensemble {
  readonly nodes: NodeTable;
  /** Number of targets or classes. */
  readonly outputs: number;
  /** Class names; null for a regressor. */
  readonly classes: readonly string[] | null;
  /** True: the leaves are averaged over the trees. False: they are summed. */
  readonly average: boolean;
  readonly postTransform: "NONE" | "LOGISTIC" | "SOFTMAX";
  /** `base_values` of the file: none, one, or one per output. */
  readonly baseValues: readonly number[];
}

/** Operators that hold trees. */
export const TREE_OPERATORS: ReadonlySet<string> = new Set([
  "TreeEnsembleRegressor",
  "TreeEnsembleClassifier",
  "TreeEnsemble",
]);

/**
 * `post_transform` of TreeEnsemble by number, as ONNX Runtime 1.30 evaluates it: it applies LOGISTIC for 1,
 * where the specification says SOFTMAX.
 */
const POST_TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX"];
/** `aggregate_function` of TreeEnsemble by number. */
const AGGREGATES = ["AVERAGE", "SUM", "MIN", "MAX"];

/**
 * Reads a tree operator of ai.onnx.ml version 1, 3 or 5.
 * @param producer `producer_name` of the file.
 * @throws ImportRejectedError for lists that contradict each other, an aggregate that is not a sum or an average, and a transform
 *   that is not a known link function.
 */
export function readEnsemble(node: OnnxNode, producer: string): Ensemble {
  if (node.opType === "TreeEnsemble") {
    const transform = POST_TRANSFORMS[integerAttribute(node, "post_transform", 0)] ?? "another post_transform";
    const aggregate = AGGREGATES[integerAttribute(node, "aggregate_function", 1)] ?? "an unknown aggregate_function";
    const outputs = countOf(integerAttribute(node, "n_targets", 1), "n_targets");
    const nodes = readIndexedNodes(node);
    return { nodes, outputs, classes: null, baseValues: [], ...readFormula(transform, aggregate) };
  }
  const transform = textAttribute(node, "post_transform", "NONE");
  const aggregate = textAttribute(node, "aggregate_function", "SUM");
  const formula = readFormula(transform, aggregate);
  const baseValues = floatsOrTensor(node, "base_values");
  if (!baseValues.every(Number.isFinite)) throw new ImportRejectedError("malformed", "base_values are not all finite");
  if (node.opType === "TreeEnsembleRegressor") {
    const outputs = countOf(integerAttribute(node, "n_targets", 0), "n_targets");
    expectBaseValues(baseValues, [0, outputs]);
    return { nodes: readListedNodes(node, "target", producer), outputs, classes: null, baseValues, ...formula };
  }
  const labels = integersOf(node, "classlabels_int64s").map(String);
  const classes = labels.length > 0 ? labels : textsOf(node, "classlabels_strings");
  if (classes.length === 0) {
    const reason =
      "the trees are a classifier without class labels; CatBoost exports a regressor of several targets so (MultiRMSE, MultiQuantile): train one model for each target";
    throw new ImportRejectedError("unsupported", reason);
  }
  const outputs = countOf(classes.length, "class labels");
  expectBaseValues(baseValues, outputs === 2 ? [0, 1, 2] : [0, outputs]);
  return { nodes: readListedNodes(node, "class", producer), outputs, classes, baseValues, ...formula };
}

function readFormula(transform: string, aggregate: string): Pick<Ensemble, "average" | "postTransform"> {
  if (aggregate !== "SUM" && aggregate !== "AVERAGE") {
    throw new ImportRejectedError("unsupported", `the trees are joined by ${aggregate}, which is not a sum of trees`);
  }
  if (transform !== "NONE" && transform !== "LOGISTIC" && transform !== "SOFTMAX") {
    throw new ImportRejectedError("unsupported", `post_transform ${transform} is not among NONE, LOGISTIC and SOFTMAX`);
  }
  return { average: aggregate === "AVERAGE", postTransform: transform };
}

function countOf(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 1 && value <= MAX_OUTPUTS) return value;
  throw new ImportRejectedError("malformed", `the trees have ${value} ${what}`);
}

function expectBaseValues(baseValues: readonly number[], lengths: readonly number[]): void {
  if (lengths.includes(baseValues.length)) return;
  throw new ImportRejectedError(
    "malformed",
    `base_values has ${baseValues.length} entries but needs ${lengths.join(" or ")}`,
  );
}
