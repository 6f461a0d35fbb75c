import type { Tree } from "@bellwether/tree-model/trees/tree-model";

/** Collects the nodes of one tree while it grows. */
export interface TreeBuilder {
  /** Adds a leaf and returns its index. */
  addLeaf(value: number, cover: number): number;
  /** Turns a leaf into a split. The caller adds its children. */
  split(
    node: number,
    split: { feature: number; threshold: number; defaultLeft: boolean; left: number; right: number },
  ): void;
  /** Returns the value of a leaf. */
  valueOf(node: number): number;
  build(): Tree;
}

/** Creates a builder for trees with one output. */
export function createTreeBuilder(): TreeBuilder {
  const feature: number[] = [];
  const threshold: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const defaultLeft: number[] = [];
  const cover: number[] = [];
  const value: number[] = [];
  return {
    addLeaf(leafValue, leafCover) {
      feature.push(-1);
      threshold.push(0);
      left.push(-1);
      right.push(-1);
      defaultLeft.push(0);
      cover.push(leafCover);
      value.push(leafValue);
      return feature.length - 1;
    },
    split(node, split) {
      feature[node] = split.feature;
      threshold[node] = split.threshold;
      defaultLeft[node] = split.defaultLeft ? 1 : 0;
      left[node] = split.left;
      right[node] = split.right;
      value[node] = 0;
    },
    valueOf: (node) => value[node],
    build: () => ({
      feature: Int32Array.from(feature),
      threshold: Float32Array.from(threshold),
      left: Int32Array.from(left),
      right: Int32Array.from(right),
      defaultLeft: Uint8Array.from(defaultLeft),
      cover: Float64Array.from(cover),
      value: Float64Array.from(value),
      members: new Map(),
    }),
  };
}
