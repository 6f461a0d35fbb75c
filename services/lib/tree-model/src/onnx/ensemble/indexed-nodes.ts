import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { integersOf, tensorAttribute } from "../file/attributes.ts";
import type { OnnxNode } from "../file/onnx-file.ts";
import { readTensor } from "../file/tensor.ts";
import { groupWeights } from "./listed-nodes.ts";
import { MODE, type NodeTable } from "./node-table.ts";

/** `nodes_modes` of TreeEnsemble, by number. */
const MODES = [
  MODE.lessOrEqual,
  MODE.less,
  MODE.greaterOrEqual,
  MODE.greater,
  MODE.equal,
  MODE.notEqual,
  MODE.member,
] as const;

/**
 * Reads the nodes of a TreeEnsemble (ai.onnx.ml 5). Inner nodes and leaves are in two lists, and a child is
 * an index into one of them. A tree of one leaf is a node whose two children are that leaf. In the table,
 * leaf j becomes node `inner + j`.
 * @throws ImportRejectedError for lists of unequal length, indices that do not exist, an unknown mode, sets that do not match the nodes.
 */
export function readIndexedNodes(node: OnnxNode): NodeTable {
  const features = integersOf(node, "nodes_featureids");
  const inner = features.length;
  const leafTargets = integersOf(node, "leaf_targetids");
  const leafWeights = tensorValues(node, "leaf_weights", leafTargets.length);
  const size = inner + leafTargets.length;
  if (inner === 0) throw new ImportRejectedError("malformed", "TreeEnsemble has no nodes");
  const yes = childPlaces(node, "true", inner, size);
  const no = childPlaces(node, "false", inner, size);
  const mode = new Uint8Array(size);
  for (const [at, code] of tensorValues(node, "nodes_modes", inner).entries()) {
    const known = MODES[code];
    if (known === undefined) throw new ImportRejectedError("unsupported", `node mode ${code} is not known`);
    mode[at] = known;
  }
  const roots = integersOf(node, "tree_roots").map((root) => placeIn(root, inner, "tree_roots"));
  const soleLeaf = (root: number): number => (yes[root] === no[root] ? yes[root] : root);
  const missing = integersOf(node, "nodes_missing_value_tracks_true");
  if (missing.length > 0) expectLength("nodes_missing_value_tracks_true", missing.length, inner);
  const split = new Float64Array(size);
  split.set(tensorValues(node, "nodes_splits", inner));
  const missingYes = new Uint8Array(size);
  missingYes.set(missing.map((flag) => (flag === 1 ? 1 : 0)));
  const feature = new Int32Array(size).fill(-1);
  feature.set(features.map((id) => placeIn(id, 2 ** 31, "nodes_featureids")));
  const owners = Int32Array.from(leafTargets, (_, leaf) => inner + leaf);
  return {
    size,
    mode,
    feature,
    split,
    yes,
    no,
    missingYes,
    members: readMembers(node, mode),
    // The format has hit rates for inner nodes only. Without those of the leaves they are not covers.
    hitRate: null,
    roots: roots.map(soleLeaf),
    infiniteSplits: false,
    ...groupWeights(size, owners, leafTargets, leafWeights),
  };
}

function childPlaces(node: OnnxNode, side: "true" | "false", inner: number, size: number): Int32Array {
  const ids = integersOf(node, `nodes_${side}nodeids`);
  const leafFlags = integersOf(node, `nodes_${side}leafs`);
  expectLength(`nodes_${side}nodeids`, ids.length, inner);
  expectLength(`nodes_${side}leafs`, leafFlags.length, inner);
  const places = new Int32Array(size).fill(-1);
  for (const [at, id] of ids.entries()) {
    const isLeaf = leafFlags[at] !== 0;
    const place = placeIn(id, isLeaf ? size - inner : inner, `nodes_${side}nodeids`);
    places[at] = isLeaf ? inner + place : place;
  }
  return places;
}

/** `membership_values` lists the sets of all member nodes in the order of the nodes. NaN ends each set. */
function readMembers(node: OnnxNode, mode: Uint8Array): Map<number, number[]> {
  const owners = [...mode.keys()].filter((at) => mode[at] === MODE.member);
  const members = new Map<number, number[]>();
  if (owners.length === 0) return members;
  const sets: number[][] = [[]];
  for (const value of tensorValues(node, "membership_values", null)) {
    if (Number.isNaN(value)) sets.push([]);
    else sets.at(-1)?.push(value);
  }
  if (sets.at(-1)?.length === 0) sets.pop();
  if (sets.length !== owners.length || sets.some((set) => set.length === 0)) {
    throw new ImportRejectedError(
      "malformed",
      `membership_values holds ${sets.length} sets for ${owners.length} nodes`,
    );
  }
  for (const [at, owner] of owners.entries()) members.set(owner, sets[at] ?? []);
  return members;
}

function tensorValues(node: OnnxNode, name: string, length: number | null): readonly number[] {
  const tensor = tensorAttribute(node, name);
  if (tensor === null) throw new ImportRejectedError("malformed", `TreeEnsemble lacks ${name}`);
  const { values } = readTensor(tensor);
  if (length !== null) expectLength(name, values.length, length);
  return values;
}

function expectLength(name: string, length: number, due: number): void {
  if (length !== due) throw new ImportRejectedError("malformed", `${name} has ${length} entries but needs ${due}`);
}

function placeIn(place: number, size: number, name: string): number {
  if (Number.isInteger(place) && place >= 0 && place < size) return place;
  throw new ImportRejectedError("malformed", `${name} points to ${place} of ${size}`);
}
