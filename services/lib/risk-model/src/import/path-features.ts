import type { TreeModel } from "../trees/tree-model.ts";

/** The most distinct columns that any path from a root to a leaf asks. */
export function mostFeaturesOnPath(model: TreeModel): number {
  let most = 0;
  for (const tree of model.trees) {
    const asked = new Map<number, number>();
    const stack = [{ node: 0, leaving: false }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const feature = tree.feature[next.node] ?? -1;
      if (feature < 0) continue;
      const times = (asked.get(feature) ?? 0) + (next.leaving ? -1 : 1);
      if (times === 0) asked.delete(feature);
      else asked.set(feature, times);
      if (next.leaving) continue;
      most = Math.max(most, asked.size);
      stack.push({ node: next.node, leaving: true });
      stack.push(
        { node: tree.left[next.node] ?? -1, leaving: false },
        { node: tree.right[next.node] ?? -1, leaving: false },
      );
    }
  }
  return most;
}
