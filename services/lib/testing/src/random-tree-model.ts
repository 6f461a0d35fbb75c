import type { Tree, TreeModel } from "@bellwether/tree-model/trees/tree-model";
import fc from "fast-check";

/** Bounds of a random ensemble. */
export interface RandomTreeModelBounds {
  readonly maxFeatures: number;
  readonly maxOutputs: number;
  readonly maxTrees: number;
  readonly maxDepth: number;
}

/** One row of a model as fast-check draws it. */
export interface ModelAndRows {
  readonly model: TreeModel;
  /** `[n × features]`, row-major: values on, beside and far from thresholds, NaN and ±Infinity among them. */
  readonly rows: Float32Array;
  readonly n: number;
}

/** A tree as it is drawn: a leaf's values, or a split whose `feature` is taken modulo the model's features. */
type Branch =
  | { readonly kind: "leaf"; readonly values: readonly number[]; readonly cover: number }
  | {
      readonly kind: "split";
      readonly feature: number;
      readonly threshold: number;
      readonly members: readonly number[] | null;
      readonly defaultLeft: boolean;
      readonly left: Branch;
      readonly right: Branch;
    };

/** Few distinct values, so that rows fall exactly on thresholds and into sets often. */
const cell = fc.constantFrom(-2, -1, -0.5, 0, 0.5, 1, 2, 3);
const rowCell = fc.oneof(
  { weight: 8, arbitrary: cell },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 0.25, -0.25) },
);

/**
 * Random ensembles with rows: repeated features on a path, set splits, default directions, leaf vectors, single
 * leaves, lopsided trees and branches that no training row reached.
 */
export function modelAndRows(bounds: RandomTreeModelBounds, maxRows: number): fc.Arbitrary<ModelAndRows> {
  return fc
    .record({
      features: fc.integer({ min: 1, max: bounds.maxFeatures }),
      outputs: fc.integer({ min: 1, max: bounds.maxOutputs }),
      n: fc.integer({ min: 1, max: maxRows }),
    })
    .chain(({ features, outputs, n }) =>
      fc.record({
        n: fc.constant(n),
        rows: fc
          .array(rowCell, { minLength: n * features, maxLength: n * features })
          .map((cells) => Float32Array.from(cells)),
        model: fc
          .record({
            roots: fc.array(branch(bounds.maxDepth, features, outputs), { minLength: 1, maxLength: bounds.maxTrees }),
            base: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: outputs, maxLength: outputs }),
          })
          .map(({ roots, base }) => treeModel(features, outputs, roots, base)),
      }),
    );
}

function branch(depth: number, features: number, outputs: number): fc.Arbitrary<Branch> {
  const leaf = fc.record({
    kind: fc.constant("leaf" as const),
    values: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: outputs, maxLength: outputs }),
    cover: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 50 }) },
      { weight: 1, arbitrary: fc.constant(0) },
    ),
  });
  if (depth === 0) return leaf;
  const split = fc.record({
    kind: fc.constant("split" as const),
    feature: fc.integer({ min: 0, max: features - 1 }),
    threshold: cell,
    members: fc.option(fc.uniqueArray(cell, { minLength: 1, maxLength: 4 }), { freq: 4 }),
    defaultLeft: fc.boolean(),
    left: branch(depth - 1, features, outputs),
    right: branch(depth - 1, features, outputs),
  });
  return fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 4, arbitrary: split });
}

function treeModel(features: number, outputs: number, roots: readonly Branch[], base: readonly number[]): TreeModel {
  return {
    features,
    outputs,
    trees: roots.map((root) => tree(root, outputs)),
    base: Float64Array.from(base),
    link: "identity",
    hasCovers: true,
  };
}

function tree(root: Branch, outputs: number): Tree {
  const nodes: { feature: number; threshold: number; left: number; right: number; defaultLeft: number }[] = [];
  const cover: number[] = [];
  const value: number[] = [];
  const members = new Map<number, Float32Array>();
  const place = (drawn: Branch): number => {
    const id = nodes.length;
    const node = { feature: -1, threshold: 0, left: -1, right: -1, defaultLeft: 0 };
    nodes.push(node);
    cover.push(0);
    if (drawn.kind === "leaf") {
      value.push(...drawn.values);
      cover[id] = drawn.cover;
      return id;
    }
    value.push(...new Array<number>(outputs).fill(0));
    if (drawn.members !== null) members.set(id, Float32Array.from(drawn.members).sort());
    node.feature = drawn.feature;
    node.threshold = drawn.threshold;
    node.defaultLeft = drawn.defaultLeft ? 1 : 0;
    node.left = place(drawn.left);
    node.right = place(drawn.right);
    cover[id] = (cover[node.left] ?? 0) + (cover[node.right] ?? 0);
    return id;
  };
  place(root);
  return {
    feature: Int32Array.from(nodes, (node) => node.feature),
    threshold: Float32Array.from(nodes, (node) => node.threshold),
    left: Int32Array.from(nodes, (node) => node.left),
    right: Int32Array.from(nodes, (node) => node.right),
    defaultLeft: Uint8Array.from(nodes, (node) => node.defaultLeft),
    cover: Float64Array.from(cover),
    value: Float64Array.from(value),
    members,
  };
}
