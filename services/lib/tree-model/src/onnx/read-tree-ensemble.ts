import { ImportRejectedError } from "../trees/import-rejected-error.ts";
import { MAX_FEATURES } from "../trees/limits.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { canonicalTrees } from "./ensemble/canonical-tree.ts";
import { COVERS_KEY } from "./ensemble/covers.ts";
import { rawColumns } from "./ensemble/input-column.ts";
import { floatsOrTensor, readListedNodes } from "./ensemble/listed-nodes.ts";
import { integerAttribute, textAttribute } from "./file/attributes.ts";
import { type OnnxFile, type OnnxNode, readOnnxFile } from "./file/onnx-file.ts";
import { readTensor } from "./file/tensor.ts";

/** A model.onnx written by this project: one TreeEnsembleRegressor over one float32 input. */
export interface OnnxTreeModel {
  /**
   * The model that returns the sums of the trees. Its link function is "identity", because the bundle holds
   * the link function; it is "softmax" when the file itself contains a softmax.
   */
  readonly model: TreeModel;
  /** Name of the graph input, float32 `[rows, model.features]`. */
  readonly inputName: string;
  /** Name of the graph output, float32: `[rows, model.outputs]`, or `[rows, 1]` when `classColumn` is set. */
  readonly outputName: string;
  /** Class whose probability is the only output; null: the outputs are the sums. */
  readonly classColumn: number | null;
}

/**
 * Reads a model.onnx that this project wrote.
 * @throws ImportRejectedError when the bytes are not a model.onnx of this project.
 */
export function readOnnxTreeModel(bytes: Uint8Array): OnnxTreeModel {
  const file = readOnnxFile(bytes);
  const [node, ...behind] = file.nodes;
  const [input] = file.inputs;
  const [output] = file.outputs;
  if (node?.opType !== "TreeEnsembleRegressor" || node.domain !== "ai.onnx.ml") {
    throw new ImportRejectedError(
      "unsupported",
      "not a model.onnx of this project: it does not begin with a TreeEnsembleRegressor",
    );
  }
  const classColumn = behind.length === 0 ? null : readClassColumn(file, node, behind);
  const last = behind.at(-1) ?? node;
  if (input === undefined || output === undefined || node.inputs[0] !== input.name || last.outputs[0] !== output.name) {
    throw new ImportRejectedError("malformed", "the graph's input and output are not those of its operators");
  }
  const model = readModel(file, node, input.shape[1] ?? null, classColumn === null ? "identity" : "softmax");
  if (classColumn !== null && classColumn >= model.outputs) {
    throw new ImportRejectedError("malformed", `the file answers for class ${classColumn} of ${model.outputs}`);
  }
  return { model, inputName: input.name, outputName: output.name, classColumn };
}

/** Returns the class that the softmax and the gather after the trees select. */
function readClassColumn(file: OnnxFile, trees: OnnxNode, behind: readonly OnnxNode[]): number {
  const [softmax, gather, ...others] = behind;
  const place = file.initializers.get(gather?.inputs[1] ?? "");
  const isChain = softmax?.inputs[0] === trees.outputs[0] && gather?.inputs[0] === softmax?.outputs[0];
  if (
    softmax?.opType !== "Softmax" ||
    gather?.opType !== "Gather" ||
    !isChain ||
    others.length > 0 ||
    place === undefined
  ) {
    throw new ImportRejectedError(
      "unsupported",
      "not a model.onnx of this project: unknown operators behind its trees",
    );
  }
  const [column = -1, ...more] = readTensor(place).values;
  if (!Number.isInteger(column) || column < 0 || more.length > 0) {
    throw new ImportRejectedError("malformed", "the file does not say which class it answers for");
  }
  return column;
}

function readModel(file: OnnxFile, node: OnnxNode, columns: number | null, link: TreeModel["link"]): TreeModel {
  if (columns === null || columns < 1 || columns > MAX_FEATURES) {
    throw new ImportRejectedError("malformed", `the input has ${columns ?? "an unknown number of"} columns`);
  }
  if (textAttribute(node, "aggregate_function", "SUM") !== "SUM") {
    throw new ImportRejectedError("unsupported", "aggregate_function is not SUM");
  }
  const outputs = integerAttribute(node, "n_targets", 1);
  const table = readListedNodes(node, "target", file.producer);
  const hasCovers = file.metadata.get(COVERS_KEY) === "training" && table.hitRate !== null;
  const trees = canonicalTrees(table, rawColumns(columns), outputs, hasCovers);
  const base = floatsOrTensor(node, "base_values");
  if (base.length > 0 && base.length !== outputs) {
    throw new ImportRejectedError("malformed", "base_values of a wrong length");
  }
  return {
    features: columns,
    outputs,
    trees,
    base: base.length > 0 ? Float64Array.from(base) : new Float64Array(outputs),
    link,
    hasCovers,
  };
}
