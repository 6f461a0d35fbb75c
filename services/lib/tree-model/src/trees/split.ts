import type { Tree } from "./tree-model.ts";

/**
 * Whether a value of the node's feature sends a row left: it is a member of the set, or `x ≤ threshold` as
 * float32. NaN follows the node's default direction.
 */
export function goesLeft(tree: Tree, node: number, x: number): boolean {
  if (Number.isNaN(x)) return tree.defaultLeft[node] === 1;
  const members = tree.members.get(node);
  return members === undefined ? x <= tree.threshold[node] : members.includes(x);
}

/**
 * Returns the fraction of an inner node's training weight (cover) that went to its left child, in [0, 1]. It
 * is computed from the covers of the two children, so the fractions of both children add up to exactly one
 * even where covers were rounded. For a node that no training row reached it is 0.5, so that every
 * conditional expectation is defined.
 */
export function leftShare(tree: Tree, node: number): number {
  const left = tree.cover[tree.left[node]];
  const right = tree.cover[tree.right[node]];
  const total = left + right;
  return total > 0 ? left / total : 0.5;
}
