import { leftShare } from "../trees/split.ts";
import type { Tree } from "../trees/tree-model.ts";

/**
 * For each inner node of a tree: facts about the path from the root to the node, computed once before rows are
 * explained. The arrays have one entry per node of the tree; the entries of leaves have no meaning.
 */
export interface PathLayout {
  readonly innerNodes: number;
  /** Maximum number of distinct features on one path from the root to a leaf. */
  readonly maxDistinct: number;
  /** Cover fraction of the left edge: the fraction of the training rows at the node that went left. */
  readonly share: Float64Array;
  /** Index of the nearest ancestor that splits on the same feature; −1 when there is none. */
  readonly metAt: Int32Array;
  /** 1: the path goes to the left child of the node at `metAt`. 0: to the right child. */
  readonly metLeft: Uint8Array;
  /**
   * Product of the cover fractions of all edges of the path that leave an ancestor which splits on the same
   * feature; 1 when there is no such ancestor.
   */
  readonly metShare: Float64Array;
}

/**
 * Computes the cover fractions of a tree's edges and finds the features that occur more than once on a path.
 * The depth of the tree is not limited.
 */
export function layoutPaths(tree: Tree, features: number): PathLayout {
  const count = tree.feature.length;
  const share = new Float64Array(count);
  const metAt = new Int32Array(count).fill(-1);
  const metLeft = new Uint8Array(count);
  const metShare = new Float64Array(count).fill(1);
  /** Per feature: the last node on the current path that splits on it, and whether the path goes left there. */
  const lastNode = new Int32Array(features).fill(-1);
  const lastLeft = new Uint8Array(features);
  let innerNodes = 0;
  let distinct = 0;
  let maxDistinct = 0;
  const pending: { readonly node: number; readonly visit: "enter" | "right" | "leave" }[] = [
    { node: 0, visit: "enter" },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, visit } = next;
    const feature = tree.feature[node];
    if (feature < 0) {
      maxDistinct = Math.max(maxDistinct, distinct);
      continue;
    }
    if (visit === "enter") {
      innerNodes++;
      const s = leftShare(tree, node);
      const met = lastNode[feature];
      share[node] = s;
      metAt[node] = met;
      if (met < 0) {
        distinct++;
      } else {
        const wentLeft = lastLeft[feature] === 1;
        metLeft[node] = wentLeft ? 1 : 0;
        metShare[node] = metShare[met] * (wentLeft ? share[met] : 1 - share[met]);
      }
      lastNode[feature] = node;
      lastLeft[feature] = 1;
      pending.push({ node, visit: "right" }, { node: tree.left[node], visit: "enter" });
    } else if (visit === "right") {
      lastLeft[feature] = 0;
      pending.push({ node, visit: "leave" }, { node: tree.right[node], visit: "enter" });
    } else {
      const met = metAt[node];
      lastNode[feature] = met;
      lastLeft[feature] = metLeft[node];
      if (met < 0) distinct--;
    }
  }
  return { innerNodes, maxDistinct, share, metAt, metLeft, metShare };
}
