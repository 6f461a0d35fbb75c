import type { TreeModel } from "../trees/tree-model.ts";
import { TREE_OPERATORS } from "./ensemble/ensemble.ts";
import type { BaseColumn } from "./ensemble/input-column.ts";
import { type CutInput, cutGraph } from "./file/cut-graph.ts";
import { rejectUnsafeGraph } from "./file/graph-safety.ts";
import { type OnnxFile, readOnnxFile } from "./file/onnx-file.ts";
import { ELEMENT } from "./file/tensor.ts";
import type { Flow } from "./graph/flow.ts";
import { followGraph } from "./graph/follow-graph.ts";
import { materialiseScores, type RawEnsemble } from "./graph/materialise-scores.ts";
import { notSupported } from "./graph/not-supported.ts";
import type { RawColumns } from "./graph/raw-columns.ts";
import type { ScoreTensor } from "./graph/score-tensor.ts";

/**
 * A part of an ONNX file that ONNX Runtime evaluates, so that its outputs can be compared with those of the
 * converted model.
 */
export interface OnnxProbe {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * Inputs of the graph. For each: the model's raw columns from which its values are taken. The values of a
   * text input are taken from the indicator columns of its categories.
   */
  readonly inputs: readonly {
    readonly name: string;
    readonly type: "float32" | "float64" | "int64" | "string";
    readonly columns: readonly number[];
  }[];
  readonly output: string;
  /** Number of columns of the output tensor. */
  readonly outputColumns: number;
  /** Index of the one column that the model reproduces; null: the model reproduces all columns. */
  readonly outputColumn: number | null;
}

/** A tree model that was read from an ONNX file of another program, over the raw columns of the file. */
export interface OnnxTreePipeline {
  readonly model: TreeModel;
  readonly columns: readonly BaseColumn[];
  /**
   * Class names in the order of their ids; null for a regressor. With two classes the model has one output,
   * for the second.
   */
  readonly classes: readonly string[] | null;
  readonly producer: string;
  readonly probe: OnnxProbe;
  /** Settings of the file that ONNX Runtime ignores, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Reads an ONNX file whose output is a link function of sums of trees. Other operators are allowed where they
 * can be followed: operators before the trees work column by column, operators after the trees are linear.
 * @throws ImportRejectedError when the file is unsafe or invalid or not such a model; the message names the operator or number.
 */
export function readOnnxModel(bytes: Uint8Array): OnnxTreePipeline {
  const file = readOnnxFile(bytes);
  rejectUnsafeGraph(file);
  if (!file.nodes.some((node) => TREE_OPERATORS.has(node.opType))) {
    const operators = [...new Set(file.nodes.map((node) => node.opType))].slice(0, 8).join(", ");
    throw notSupported(file, `no tree model: the graph holds ${operators || "no operators"}`);
  }
  const walk = followGraph(file);
  const { name, scores } = chooseOutput(file, walk.flows);
  const ensembles = walk.ensembles.filter((ensemble) => usesEnsemble(scores, ensemble));
  const isBinary = scores.forms.length === 2 && ensembles.some((ensemble) => ensemble.isClassifier);
  const second = scores.forms[1];
  const reduced = isBinary && second !== undefined ? { forms: [second], link: scores.link } : scores;
  const model = materialiseScores(ensembles, reduced, walk.raw.list.length);
  const probe = buildProbe(file, walk.raw, name, scores.forms.length, isBinary ? 1 : null);
  return { model, columns: walk.raw.list, classes: walk.classes, producer: file.producer, probe, notes: walk.notes };
}

/**
 * Returns the first graph output that is computed from the trees and is not only the predicted class. A
 * ZipMap is removed.
 */
function chooseOutput(file: OnnxFile, flows: ReadonlyMap<string, Flow>): { name: string; scores: ScoreTensor } {
  let reason = "none of the graph's outputs comes from the trees";
  for (const output of file.outputs) {
    const flow = flows.get(output.name);
    if (flow?.kind === "scores") return { name: tensorBehind(file, output.name), scores: flow.scores };
    if (flow?.kind === "other") reason = flow.reason;
  }
  throw notSupported(file, reason);
}

function tensorBehind(file: OnnxFile, name: string): string {
  const giver = file.nodes.find((node) => node.outputs.includes(name));
  return giver?.opType === "ZipMap" ? tensorBehind(file, giver.inputs[0] ?? "") : name;
}

function usesEnsemble(scores: ScoreTensor, ensemble: RawEnsemble): boolean {
  const { firstRaw, outputs } = ensemble;
  return scores.forms.some((form) =>
    [...form.weights.keys()].some((raw) => raw >= firstRaw && raw < firstRaw + outputs),
  );
}

function buildProbe(
  file: OnnxFile,
  raw: RawColumns,
  output: string,
  outputColumns: number,
  outputColumn: number | null,
): OnnxProbe {
  const columnsByInput = Map.groupBy(raw.list.keys(), (base) => raw.list[base]?.input ?? "");
  const inputs = [...columnsByInput].map(([name, columns]) => {
    const elementType = raw.elementTypes.get(name) ?? ELEMENT.string;
    return { name, elementType, columns };
  });
  const cutInputs = inputs.map(({ name, elementType, columns }): CutInput => {
    return { name, elementType, columns: elementType === ELEMENT.string ? 1 : columns.length };
  });
  return {
    bytes: cutGraph(file, cutInputs, output),
    inputs: inputs.map(({ name, elementType, columns }) => ({ name, type: typeName(elementType), columns })),
    output,
    outputColumns,
    outputColumn,
  };
}

function typeName(elementType: number): OnnxProbe["inputs"][number]["type"] {
  if (elementType === ELEMENT.float) return "float32";
  if (elementType === ELEMENT.double) return "float64";
  return elementType === ELEMENT.int64 ? "int64" : "string";
}
