import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { floatsOf, integersOf, tensorAttribute, textsOf } from "../file/attributes.ts";
import type { OnnxNode } from "../file/onnx-file.ts";
import { readTensor } from "../file/tensor.ts";
import { MODE, type NodeTable } from "./node-table.ts";

const MODES: Readonly<Record<string, number>> = {
  LEAF: MODE.leaf,
  BRANCH_LEQ: MODE.lessOrEqual,
  BRANCH_LT: MODE.less,
  BRANCH_GTE: MODE.greaterOrEqual,
  BRANCH_GT: MODE.greater,
  BRANCH_EQ: MODE.equal,
  BRANCH_NEQ: MODE.notEqual,
};

/** Producers that write infinite splits on purpose. */
const PARTS_MISSING: ReadonlySet<string> = new Set(["skl2onnx", "OnnxMLTools", "bellwether"]);

/**
 * Reads the nodes of a TreeEnsembleRegressor or TreeEnsembleClassifier (ai.onnx.ml 1 and 3). A node is
 * identified by tree id and node id. As in ONNX Runtime, the root of a tree is the first node of each run of
 * entries with the same tree id.
 * @param leafPrefix "target" for a regressor, "class" for a classifier.
 * @param producer `producer_name` of the file.
 * @throws ImportRejectedError for lists of unequal length, ids that do not exist or occur twice, an unknown mode.
 */
export function readListedNodes(node: OnnxNode, leafPrefix: "target" | "class", producer: string): NodeTable {
  const treeIds = integersOf(node, "nodes_treeids");
  const size = treeIds.length;
  if (size === 0) throw new ImportRejectedError("malformed", `${node.opType} has no nodes`);
  const list = (name: string, values: number[], absent?: number): number[] => listOf(name, values, size, absent);
  const nodeIds = list("nodes_nodeids", integersOf(node, "nodes_nodeids"));
  const split = list("nodes_values", floatsOrTensor(node, "nodes_values"));
  const missing = list("nodes_missing_value_tracks_true", integersOf(node, "nodes_missing_value_tracks_true"), 0);
  const hitRates = floatsOrTensor(node, "nodes_hitrates");
  const mode = readModes(node, size);
  const index = indexNodes(treeIds, nodeIds);
  return {
    size,
    mode,
    feature: Int32Array.from(list("nodes_featureids", integersOf(node, "nodes_featureids")), checkedFeature),
    split: Float64Array.from(split),
    yes: childrenOf(node, "nodes_truenodeids", mode, treeIds, index),
    no: childrenOf(node, "nodes_falsenodeids", mode, treeIds, index),
    missingYes: Uint8Array.from(missing, (flag) => (flag === 1 ? 1 : 0)),
    members: new Map(),
    hitRate: hitRates.length === 0 ? null : Float64Array.from(list("nodes_hitrates", hitRates)),
    roots: rootsOf(treeIds),
    infiniteSplits: PARTS_MISSING.has(producer),
    ...readWeights(node, leafPrefix, size, index),
  };
}

/** Reads a float list that version 3 of the operators may also store as a tensor of doubles. */
export function floatsOrTensor(node: OnnxNode, name: string): number[] {
  const floats = floatsOf(node, name);
  const tensor = tensorAttribute(node, `${name}_as_tensor`);
  if (tensor === null) return floats;
  if (floats.length > 0) throw new ImportRejectedError("malformed", `${name} is given both as a list and as a tensor`);
  return [...readTensor(tensor).values];
}

function readModes(node: OnnxNode, size: number): Uint8Array {
  const names = textsOf(node, "nodes_modes");
  if (names.length !== size) throw unequal("nodes_modes", names.length, size);
  return Uint8Array.from(names, (name) => {
    const mode = MODES[name];
    if (mode === undefined) throw new ImportRejectedError("unsupported", `node mode "${name}" is not known`);
    return mode;
  });
}

type NodeIndex = ReadonlyMap<number, ReadonlyMap<number, number>>;

function indexNodes(treeIds: readonly number[], nodeIds: readonly number[]): NodeIndex {
  const index = new Map<number, Map<number, number>>();
  for (let at = 0; at < treeIds.length; at++) {
    const tree = treeIds[at];
    const id = nodeIds[at];
    let nodes = index.get(tree);
    if (nodes === undefined) {
      nodes = new Map();
      index.set(tree, nodes);
    }
    if (nodes.has(id)) throw new ImportRejectedError("malformed", `tree ${tree} lists node ${id} twice`);
    nodes.set(id, at);
  }
  return index;
}

function childrenOf(node: OnnxNode, name: string, mode: Uint8Array, treeIds: number[], index: NodeIndex): Int32Array {
  const ids = listOf(name, integersOf(node, name), treeIds.length);
  return Int32Array.from(ids, (id, at) => {
    if (mode[at] === MODE.leaf) return -1;
    const tree = treeIds[at];
    const child = index.get(tree)?.get(id);
    if (child === undefined) throw new ImportRejectedError("malformed", `${name}: tree ${tree} has no node ${id}`);
    return child;
  });
}

function rootsOf(treeIds: readonly number[]): number[] {
  const roots: number[] = [];
  for (let at = 0; at < treeIds.length; at++) if (at === 0 || treeIds[at] !== treeIds[at - 1]) roots.push(at);
  return roots;
}

function readWeights(
  node: OnnxNode,
  prefix: "target" | "class",
  size: number,
  index: NodeIndex,
): Pick<NodeTable, "weightStart" | "weightTarget" | "weightValue"> {
  const targets = integersOf(node, `${prefix}_ids`);
  const count = targets.length;
  const treeIds = listOf(`${prefix}_treeids`, integersOf(node, `${prefix}_treeids`), count);
  const nodeIds = listOf(`${prefix}_nodeids`, integersOf(node, `${prefix}_nodeids`), count);
  const values = listOf(`${prefix}_weights`, floatsOrTensor(node, `${prefix}_weights`), count);
  const owners = Int32Array.from(nodeIds, (id, at) => {
    const tree = treeIds[at];
    const owner = index.get(tree)?.get(id);
    if (owner === undefined)
      throw new ImportRejectedError("malformed", `${prefix}_nodeids: tree ${tree} has no node ${id}`);
    return owner;
  });
  return groupWeights(size, owners, targets, values);
}

/** Sorts the leaf weights by node. */
export function groupWeights(
  size: number,
  owners: Int32Array,
  targets: readonly number[],
  values: readonly number[],
): Pick<NodeTable, "weightStart" | "weightTarget" | "weightValue"> {
  const weightStart = new Int32Array(size + 1);
  for (const owner of owners) weightStart[owner + 1] += 1;
  for (let at = 0; at < size; at++) weightStart[at + 1] += weightStart[at];
  const next = weightStart.slice();
  const weightTarget = new Int32Array(owners.length);
  const weightValue = new Float64Array(owners.length);
  for (const [at, owner] of owners.entries()) {
    const slot = next[owner];
    next[owner] = slot + 1;
    weightTarget[slot] = checkedTarget(targets[at]);
    weightValue[slot] = values[at];
  }
  return { weightStart, weightTarget, weightValue };
}

/**
 * Checks a list that must have one entry per node. Where the list may be absent, every node gets the value
 * `absent`.
 */
function listOf(name: string, values: number[], size: number, absent?: number): number[] {
  if (values.length === 0 && absent !== undefined) return new Array<number>(size).fill(absent);
  if (values.length !== size) throw unequal(name, values.length, size);
  return values;
}

function checkedFeature(id: number): number {
  if (!Number.isInteger(id) || id < 0 || id >= 2 ** 31) throw new ImportRejectedError("malformed", `feature id ${id}`);
  return id;
}

function checkedTarget(id: number): number {
  if (!Number.isInteger(id) || id < 0 || id >= 2 ** 31)
    throw new ImportRejectedError("malformed", `target or class id ${id}`);
  return id;
}

function unequal(name: string, length: number, size: number): ImportRejectedError {
  return new ImportRejectedError("malformed", `${name} has ${length} entries but needs ${size}`);
}
