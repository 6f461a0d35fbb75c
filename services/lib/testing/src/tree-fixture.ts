import { type FixtureAttribute, type FixtureModel, type FixtureNode, onnxFixture } from "./onnx-fixture.ts";

/** A node of a fixture tree: children by index in the list, leaves by their weights. */
export interface FixtureTreeNode {
  /** Mode of the node in the ONNX operator. Default "LEAF". */
  readonly mode?: string;
  readonly feature?: number;
  readonly value?: number;
  readonly yes?: number;
  readonly no?: number;
  readonly missingYes?: boolean;
  readonly hitRate?: number;
  /** Weight of a leaf for each target or class. */
  readonly weights?: Readonly<Record<number, number>>;
}

/** Returns the attributes of a TreeEnsembleRegressor or TreeEnsembleClassifier with the given trees. */
export function treeAttributes(
  trees: readonly (readonly FixtureTreeNode[])[],
  prefix: "target" | "class" = "target",
): Record<string, FixtureAttribute> {
  const nodes = trees.flatMap((tree, t) => tree.map((node, at) => ({ tree: t, at, ...node })));
  const weights = nodes.flatMap(({ tree, at, weights: given = {} }) =>
    Object.entries(given).map(([target, weight]) => ({ tree, at, target: Number(target), weight })),
  );
  return {
    ...(prefix === "target" ? { n_targets: { int: 1 } } : {}),
    nodes_treeids: { ints: nodes.map((node) => node.tree) },
    nodes_nodeids: { ints: nodes.map((node) => node.at) },
    nodes_featureids: { ints: nodes.map((node) => node.feature ?? 0) },
    nodes_modes: { texts: nodes.map((node) => node.mode ?? "LEAF") },
    nodes_values: { floats: nodes.map((node) => node.value ?? 0) },
    nodes_truenodeids: { ints: nodes.map((node) => node.yes ?? 0) },
    nodes_falsenodeids: { ints: nodes.map((node) => node.no ?? 0) },
    nodes_missing_value_tracks_true: { ints: nodes.map((node) => (node.missingYes === true ? 1 : 0)) },
    nodes_hitrates: { floats: nodes.map((node) => node.hitRate ?? 1) },
    [`${prefix}_treeids`]: { ints: weights.map((weight) => weight.tree) },
    [`${prefix}_nodeids`]: { ints: weights.map((weight) => weight.at) },
    [`${prefix}_ids`]: { ints: weights.map((weight) => weight.target) },
    [`${prefix}_weights`]: { floats: weights.map((weight) => weight.weight) },
  };
}

/** Returns a tree with one split: `x0 MODE value ? 1 : 2`. `change` replaces fields of the split. */
export function stump(change: Partial<FixtureTreeNode> = {}): FixtureTreeNode[] {
  return [
    { mode: "BRANCH_LEQ", feature: 0, value: 0.5, yes: 1, no: 2, ...change },
    { weights: { 0: 1 } },
    { weights: { 0: 2 } },
  ];
}

/**
 * Returns a file with one regressor over `x` (by default two columns), output `y`, and any further parts of
 * the graph.
 */
export function regressorFixture(
  attributes: Readonly<Record<string, FixtureAttribute>>,
  more: Partial<FixtureModel> & { readonly columns?: number; readonly extra?: readonly FixtureNode[] } = {},
): Uint8Array<ArrayBuffer> {
  const { columns = 2, extra = [], ...model } = more;
  const opType = "TreeEnsembleRegressor";
  return onnxFixture({
    nodes: [{ opType, inputs: ["x"], outputs: ["y"], attributes }, ...extra],
    inputs: [{ name: "x", columns }],
    outputs: [{ name: "y", columns: 1 }],
    ...model,
  });
}
