import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { canonicalTrees } from "../ensemble/canonical-tree.ts";
import { COVERS_KEY, hitRatesAreCovers } from "../ensemble/covers.ts";
import { readEnsemble, TREE_OPERATORS } from "../ensemble/ensemble.ts";
import type { OnnxFile, OnnxNode } from "../file/onnx-file.ts";
import { readTensor } from "../file/tensor.ts";
import { followColumns } from "./column-operators.ts";
import { ensembleScores } from "./ensemble-scores.ts";
import { type Flow, notFollowed } from "./flow.ts";
import type { RawEnsemble } from "./materialise-scores.ts";
import { notSupported } from "./not-supported.ts";
import { codeFlow, dictionaryFlow, indicatorFlow, inputFlow, type RawColumns } from "./raw-columns.ts";
import { followScores } from "./score-operators.ts";

/** Operators that convert the index of the predicted class to its name. */
const LABEL_OPERATORS: ReadonlySet<string> = new Set([
  "ArrayFeatureExtractor",
  "Cast",
  "Gather",
  "Identity",
  "LabelEncoder",
  "Reshape",
  "Squeeze",
]);

/**
 * The roles of a graph's tensors relative to its trees, by tensor name, and the ensembles, raw columns and
 * classes found.
 */
export interface GraphWalk {
  readonly flows: ReadonlyMap<string, Flow>;
  readonly ensembles: readonly RawEnsemble[];
  readonly raw: RawColumns;
  readonly classes: readonly string[] | null;
  readonly notes: readonly string[];
}

/**
 * Determines the role of every tensor of the graph relative to the trees.
 * @throws ImportRejectedError when a tree operator is invalid or reads a tensor that cannot be followed, or when no operator, input
 *   or initializer produces a tensor.
 */
export function followGraph(file: OnnxFile): GraphWalk {
  const raw: RawColumns = { list: [], elementTypes: new Map() };
  const flows = new Map<string, Flow>();
  const ensembles: RawEnsemble[] = [];
  const notes: string[] = [];
  let classes: readonly string[] | null = null;
  for (const input of file.inputs) {
    if (!file.initializers.has(input.name)) flows.set(input.name, inputFlow(file, input, raw));
  }
  const flowOf = (name: string): Flow => {
    const flow = name === "" ? notFollowed("an input is left out") : flows.get(name);
    if (flow !== undefined) return flow;
    const initializer = file.initializers.get(name);
    if (initializer === undefined)
      throw new ImportRejectedError("malformed", `no operator or input produces the tensor "${name}"`);
    return constantFlow(initializer);
  };
  for (const node of file.nodes) {
    const inputs = node.inputs.map(flowOf);
    if (TREE_OPERATORS.has(node.opType)) {
      const ensemble = followTrees(file, node, inputs, ensembles);
      classes = ensemble.classes ?? classes;
      notes.push(...ensemble.notes);
      for (const [at, flow] of ensemble.outputs.entries()) setFlow(flows, node.outputs[at], flow);
      continue;
    }
    const flow = followOperator(node, inputs, raw);
    setFlow(flows, node.outputs[0], flow);
    for (const name of node.outputs.slice(1))
      setFlow(flows, name, notFollowed(`operator ${node.opType} is not followed`));
  }
  return { flows, ensembles, raw, classes, notes };
}

function followTrees(
  file: OnnxFile,
  node: OnnxNode,
  inputs: readonly Flow[],
  ensembles: RawEnsemble[],
): {
  readonly outputs: readonly Flow[];
  readonly classes: readonly string[] | null;
  readonly notes: readonly string[];
} {
  const [input] = inputs;
  if (input?.kind !== "columns") {
    const reason = input?.kind === "other" ? input.reason : "the trees read something that is not a row of numbers";
    throw notSupported(file, reason);
  }
  const last = ensembles.at(-1);
  const firstRaw = last === undefined ? 0 : last.firstRaw + last.outputs;
  const ensemble = readEnsemble(node, file.producer);
  const hasCovers = file.metadata.get(COVERS_KEY) === "training" || hitRatesAreCovers(ensemble.nodes);
  const trees = canonicalTrees(ensemble.nodes, input.columns, ensemble.outputs, hasCovers);
  const { outputs, classes } = ensemble;
  ensembles.push({ trees, outputs, firstRaw, isClassifier: classes !== null, hasCovers });
  const scores: Flow = { kind: "scores", scores: ensembleScores(ensemble, firstRaw) };
  const ignored = classes === null && outputs === 1 && ensemble.postTransform !== "NONE";
  const notes = ignored
    ? [`the file's post_transform ${ensemble.postTransform} is ignored, as ONNX Runtime ignores it`]
    : [];
  return { outputs: classes === null ? [scores] : [{ kind: "label" }, scores], classes, notes };
}

function followOperator(node: OnnxNode, inputs: readonly Flow[], raw: RawColumns): Flow {
  const [first] = inputs;
  try {
    if (first?.kind === "map") {
      return node.opType === "DictVectorizer"
        ? dictionaryFlow(node, raw)
        : notFollowed(`operator ${node.opType} reads a map`);
    }
    if (first?.kind === "text") return followText(node, first, inputs[1], raw);
    if (inputs.some((flow) => flow.kind === "scores")) return followScores(node, inputs);
    if (inputs.some((flow) => flow.kind === "label")) {
      return LABEL_OPERATORS.has(node.opType)
        ? { kind: "label" }
        : notFollowed(`operator ${node.opType} computes with the chosen class instead of the trees' sums`);
    }
    if (inputs.some((flow) => flow.kind === "columns")) return followColumns(node, inputs);
    return inputs.find((flow) => flow.kind === "other") ?? notFollowed(`operator ${node.opType} is not followed`);
  } catch (error) {
    // An operator that is not supported matters only when the output depends on it.
    if (error instanceof ImportRejectedError && error.kind === "unsupported") return notFollowed(error.message);
    throw error;
  }
}

/** Follows an operator that reads text: it encodes the text, copies it, or selects one column of it. */
function followText(
  node: OnnxNode,
  text: Extract<Flow, { kind: "text" }>,
  places: Flow | undefined,
  raw: RawColumns,
): Flow {
  switch (node.opType) {
    case "OneHotEncoder":
      return indicatorFlow(node, text, raw);
    case "LabelEncoder":
      return codeFlow(node, text, raw);
    case "Identity":
      return text;
    case "ArrayFeatureExtractor":
    case "Gather":
      return pickText(node, text, places);
    case "Reshape":
      if (text.width === 1) return text;
  }
  return notFollowed(`operator ${node.opType} reads the text input ${text.name}`);
}

/** Selects one column of several. The selected tensor is then treated as an input of the model. */
function pickText(node: OnnxNode, text: Extract<Flow, { kind: "text" }>, places: Flow | undefined): Flow {
  if (text.width === 1) return text;
  const picked = places?.kind === "constant" ? places.tensor.values : [];
  const [place = Number.NaN] = picked;
  if (picked.length !== 1 || !(place >= 0 && place < text.width)) {
    return notFollowed(`${node.opType} does not pick one column of the text input ${text.name}`);
  }
  return { kind: "text", input: node.outputs[0] ?? "", name: `${text.name}_${place}`, width: 1 };
}

function constantFlow(initializer: Uint8Array): Flow {
  try {
    return { kind: "constant", tensor: readTensor(initializer) };
  } catch (error) {
    if (error instanceof ImportRejectedError && error.kind === "unsupported") return notFollowed(error.message);
    throw error;
  }
}

function setFlow(flows: Map<string, Flow>, name: string | undefined, flow: Flow): void {
  if (name === undefined || name === "") return;
  if (flows.has(name)) throw new ImportRejectedError("malformed", `two operators produce the tensor "${name}"`);
  flows.set(name, flow);
}
