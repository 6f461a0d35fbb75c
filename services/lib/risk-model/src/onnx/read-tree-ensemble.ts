import { MAX_FEATURES } from "../import/limits.ts";
import { ModelRefusedError } from "../import/model-refused-error.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { integerAttribute, textAttribute } from "./attributes.ts";
import { canonicalTrees } from "./canonical-tree.ts";
import { rawColumns } from "./input-column.ts";
import { floatsOrTensor, readListedNodes } from "./listed-nodes.ts";
import { readOnnxFile } from "./onnx-file.ts";

/** metadata_props key that says what `nodes_hitrates` are; only the value "training" makes them covers. */
export const COVERS_KEY = "bellwether.covers";

/** A model.onnx of this project: one TreeEnsembleRegressor over one float32 input. */
export interface OnnxTreeModel {
  /** Margin or probability as the trees sum it; the link belongs to the bundle, so it is "identity" here. */
  readonly model: TreeModel;
  /** Graph input, float32 `[rows, model.features]`. */
  readonly inputName: string;
  /** Graph output, float32 `[rows, model.outputs]`. */
  readonly outputName: string;
}

/**
 * Reads a model.onnx that this project wrote.
 * @throws ModelRefusedError the bytes are not such a file.
 */
export function readOnnxTreeModel(bytes: Uint8Array): OnnxTreeModel {
  const file = readOnnxFile(bytes);
  const [node, ...others] = file.nodes;
  const [input] = file.inputs;
  const [output] = file.outputs;
  if (node?.opType !== "TreeEnsembleRegressor" || node.domain !== "ai.onnx.ml" || others.length > 0) {
    throw new ModelRefusedError(
      "unsupported",
      "not a model.onnx of this project: its graph is not one TreeEnsembleRegressor",
    );
  }
  if (input === undefined || output === undefined || node.inputs[0] !== input.name || node.outputs[0] !== output.name) {
    throw new ModelRefusedError("malformed", "the graph's input and output are not those of its tree operator");
  }
  const columns = input.shape[1] ?? null;
  if (columns === null || columns < 1 || columns > MAX_FEATURES) {
    throw new ModelRefusedError("malformed", `the input has ${columns ?? "an unknown number of"} columns`);
  }
  const outputs = integerAttribute(node, "n_targets", 1);
  const table = readListedNodes(node, "target", file.producer);
  const hasCovers = file.metadata.get(COVERS_KEY) === "training" && table.hitRate !== null;
  const trees = canonicalTrees(table, rawColumns(columns), outputs, hasCovers);
  const base = floatsOrTensor(node, "base_values");
  if (base.length > 0 && base.length !== outputs)
    throw new ModelRefusedError("malformed", "base_values of a wrong length");
  if (textAttribute(node, "aggregate_function", "SUM") !== "SUM") {
    throw new ModelRefusedError("unsupported", "aggregate_function is not SUM");
  }
  const model: TreeModel = {
    features: columns,
    outputs,
    trees,
    base: base.length > 0 ? Float64Array.from(base) : new Float64Array(outputs),
    link: "identity",
    hasCovers,
  };
  return { model, inputName: input.name, outputName: output.name };
}
