import { ModelRefusedError } from "../import/model-refused-error.ts";
import type { TreeModel } from "../trees/tree-model.ts";
import { canonicalTrees } from "./canonical-tree.ts";
import { followColumns } from "./column-operators.ts";
import { hitRatesAreCovers } from "./covers.ts";
import { type CutInput, cutGraph } from "./cut-graph.ts";
import { readEnsemble, TREE_OPERATORS } from "./ensemble.ts";
import { ensembleScores } from "./ensemble-scores.ts";
import { type Flow, lost } from "./flow.ts";
import { refuseUnsafeGraph } from "./graph-safety.ts";
import type { BaseColumn, InputColumn } from "./input-column.ts";
import { materialiseScores, type RawEnsemble } from "./materialise-scores.ts";
import type { NodeTable } from "./node-table.ts";
import { type OnnxFile, type OnnxNode, readOnnxFile } from "./onnx-file.ts";
import { dictionaryFlow, indicatorFlow, inputFlow, type RawColumns } from "./raw-columns.ts";
import { COVERS_KEY } from "./read-tree-ensemble.ts";
import { followScores } from "./score-operators.ts";
import type { ScoreTensor } from "./score-tensor.ts";
import { ELEMENT, readTensor } from "./tensor.ts";

/** Operators that turn the place of the chosen class into its name. */
const LABEL_OPERATORS: ReadonlySet<string> = new Set([
  "ArrayFeatureExtractor",
  "Cast",
  "Gather",
  "Identity",
  "LabelEncoder",
  "Reshape",
  "Squeeze",
]);

/** The part of a file that the runtime is asked, to compare its answers with ours. */
export interface OnnxProbe {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Inputs with the raw columns that fill them; a text input is filled from its indicator columns. */
  readonly inputs: readonly {
    readonly name: string;
    readonly type: "float32" | "float64" | "int64" | "string";
    readonly columns: readonly number[];
  }[];
  /** Raw column → the doubles that stand behind float32 thresholds, where an input takes doubles. */
  readonly doubles: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly output: string;
  /** Columns of the output tensor. */
  readonly outputColumns: number;
  /** The one column that the model reproduces; null: all of them. */
  readonly outputColumn: number | null;
}

/** A foreign ONNX file as a tree model over its raw columns. */
export interface OnnxTreePipeline {
  readonly model: TreeModel;
  readonly columns: readonly BaseColumn[];
  /** Class names, first to last; null for a regressor. With two, the model's one output speaks for the second. */
  readonly classes: readonly string[] | null;
  readonly producer: string;
  readonly probe: OnnxProbe;
  /** What the file says and the runtime does not do. */
  readonly notes: readonly string[];
}

/**
 * Reads any ONNX file whose output is a link of sums of trees, whatever stands around the trees as long as it can be followed:
 * column by column before them, linear behind them.
 * @throws ModelRefusedError the file is unsafe, broken, or no such model; the message says which operator or number.
 */
export function readOnnxModel(bytes: Uint8Array): OnnxTreePipeline {
  const file = readOnnxFile(bytes);
  refuseUnsafeGraph(file);
  if (!file.nodes.some((node) => TREE_OPERATORS.has(node.opType))) {
    const operators = [...new Set(file.nodes.map((node) => node.opType))].slice(0, 8).join(", ");
    throw new ModelRefusedError("unsupported", `no tree model: the graph holds ${operators || "no operators"}`);
  }
  const walk = followGraph(file);
  const { name, scores } = chooseOutput(file, walk.flows);
  const ensembles = walk.ensembles.filter((ensemble) => usesEnsemble(scores, ensemble));
  const isBinary = scores.forms.length === 2 && ensembles.some((ensemble) => ensemble.isClassifier);
  const second = scores.forms[1];
  const reduced = isBinary && second !== undefined ? { forms: [second], link: scores.link } : scores;
  const model = materialiseScores(ensembles, reduced, walk.raw.list.length);
  const probe = {
    ...buildProbe(file, walk.raw, name, scores.forms.length, isBinary ? 1 : null),
    doubles: walk.doubles,
  };
  return { model, columns: walk.raw.list, classes: walk.classes, producer: file.producer, probe, notes: walk.notes };
}

interface GraphWalk {
  readonly flows: ReadonlyMap<string, Flow>;
  readonly ensembles: readonly RawEnsemble[];
  readonly raw: RawColumns;
  readonly classes: readonly string[] | null;
  readonly doubles: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly notes: readonly string[];
}

/** Says for every tensor of the graph what it is to the trees. */
function followGraph(file: OnnxFile): GraphWalk {
  const raw: RawColumns = { list: [], elementTypes: new Map() };
  const flows = new Map<string, Flow>();
  const ensembles: RawEnsemble[] = [];
  const doubles = new Map<number, Map<number, number>>();
  const notes: string[] = [];
  let classes: readonly string[] | null = null;
  for (const input of file.inputs) {
    if (!file.initializers.has(input.name)) flows.set(input.name, inputFlow(file, input, raw));
  }
  const flowOf = (name: string): Flow => {
    const flow = name === "" ? lost("an input is left out") : flows.get(name);
    if (flow !== undefined) return flow;
    const initializer = file.initializers.get(name);
    if (initializer === undefined) throw new ModelRefusedError("malformed", `nothing gives the tensor "${name}"`);
    return constantFlow(initializer);
  };
  for (const node of file.nodes) {
    const inputs = node.inputs.map(flowOf);
    if (TREE_OPERATORS.has(node.opType)) {
      const ensemble = followTrees(file, node, inputs, ensembles, doubles);
      classes = ensemble.classes ?? classes;
      notes.push(...ensemble.notes);
      for (const [at, flow] of ensemble.outputs.entries()) setFlow(flows, node.outputs[at], flow);
      continue;
    }
    const flow = followOperator(node, inputs, raw);
    setFlow(flows, node.outputs[0], flow);
    for (const name of node.outputs.slice(1)) setFlow(flows, name, lost(`operator ${node.opType} is not followed`));
  }
  return { flows, ensembles, raw, classes, doubles, notes };
}

function followTrees(
  file: OnnxFile,
  node: OnnxNode,
  inputs: readonly Flow[],
  ensembles: RawEnsemble[],
  doubles: Map<number, Map<number, number>>,
): {
  readonly outputs: readonly Flow[];
  readonly classes: readonly string[] | null;
  readonly notes: readonly string[];
} {
  const [input] = inputs;
  if (input?.kind !== "columns") {
    const reason = input?.kind === "other" ? input.reason : "the trees read something that is no row of numbers";
    throw new ModelRefusedError("unsupported", reason);
  }
  const last = ensembles.at(-1);
  const firstRaw = last === undefined ? 0 : last.firstRaw + last.outputs;
  const ensemble = readEnsemble(node, file.producer);
  const hasCovers = file.metadata.get(COVERS_KEY) === "training" || hitRatesAreCovers(ensemble.nodes);
  const trees = canonicalTrees(ensemble.nodes, input.columns, ensemble.outputs, hasCovers);
  if (input.elementType === ELEMENT.double) noteDoubles(ensemble.nodes, input.columns, doubles);
  const { outputs, classes } = ensemble;
  ensembles.push({ trees, outputs, firstRaw, isClassifier: classes !== null, hasCovers });
  const scores: Flow = { kind: "scores", scores: ensembleScores(ensemble, firstRaw) };
  const ignored = classes === null && outputs === 1 && ensemble.postTransform !== "NONE";
  const notes = ignored
    ? [`the file's post_transform ${ensemble.postTransform} is ignored, as ONNX Runtime ignores it`]
    : [];
  return { outputs: classes === null ? [scores] : [{ kind: "label" }, scores], classes, notes };
}

/** Remembers the smallest double behind each float32 threshold of an untouched raw column. */
function noteDoubles(
  nodes: NodeTable,
  columns: readonly InputColumn[],
  doubles: Map<number, Map<number, number>>,
): void {
  for (const [node, split] of nodes.split.entries()) {
    const column = columns[nodes.feature[node] ?? -1];
    if (column === undefined || column.map !== null || Math.fround(split) === split) continue;
    const known = doubles.get(column.base) ?? new Map<number, number>();
    known.set(Math.fround(split), Math.min(split, known.get(Math.fround(split)) ?? split));
    doubles.set(column.base, known);
  }
}

function followOperator(node: OnnxNode, inputs: readonly Flow[], raw: RawColumns): Flow {
  const [first] = inputs;
  try {
    if (first?.kind === "map") {
      return node.opType === "DictVectorizer" ? dictionaryFlow(node, raw) : lost(`operator ${node.opType} reads a map`);
    }
    if (first?.kind === "text") return followText(node, first, raw);
    if (inputs.some((flow) => flow.kind === "scores")) return followScores(node, inputs);
    if (inputs.some((flow) => flow.kind === "label")) {
      return LABEL_OPERATORS.has(node.opType)
        ? { kind: "label" }
        : lost(`operator ${node.opType} computes with the chosen class instead of the trees' sums`);
    }
    if (inputs.some((flow) => flow.kind === "columns")) return followColumns(node, inputs);
    return inputs.find((flow) => flow.kind === "other") ?? lost(`operator ${node.opType} is not followed`);
  } catch (error) {
    // Only the branch that leads to the output counts; elsewhere an operator may do what it likes.
    if (error instanceof ModelRefusedError && error.kind === "unsupported") return lost(error.message);
    throw error;
  }
}

/** A text input of one column passes what keeps it that, until it is encoded. */
function followText(node: OnnxNode, text: Extract<Flow, { kind: "text" }>, raw: RawColumns): Flow {
  if (node.opType === "OneHotEncoder") return indicatorFlow(node, text.input, raw);
  if (node.opType === "Identity" || node.opType === "Gather" || node.opType === "Reshape") return text;
  return lost(`operator ${node.opType} reads the text input ${text.input}`);
}

function constantFlow(initializer: Uint8Array): Flow {
  try {
    return { kind: "constant", tensor: readTensor(initializer) };
  } catch (error) {
    if (error instanceof ModelRefusedError && error.kind === "unsupported") return lost(error.message);
    throw error;
  }
}

function setFlow(flows: Map<string, Flow>, name: string | undefined, flow: Flow): void {
  if (name === undefined || name === "") return;
  if (flows.has(name)) throw new ModelRefusedError("malformed", `two operators give the tensor "${name}"`);
  flows.set(name, flow);
}

/** The first graph output that comes from the trees and is not just the chosen class; a ZipMap around it is taken off. */
function chooseOutput(file: OnnxFile, flows: ReadonlyMap<string, Flow>): { name: string; scores: ScoreTensor } {
  let reason = "none of the graph's outputs comes from the trees";
  for (const output of file.outputs) {
    const flow = flows.get(output.name);
    if (flow?.kind === "scores") return { name: tensorBehind(file, output.name), scores: flow.scores };
    if (flow?.kind === "other") reason = flow.reason;
  }
  throw new ModelRefusedError("unsupported", reason);
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
): Omit<OnnxProbe, "doubles"> {
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
