import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { InterventionalRefusedError } from "./interventional-refused-error.ts";
import { layoutPaths } from "./path-layout.ts";
import { goesLeft } from "./split.ts";

/** Most distinct features on a path: a leaf's table has 2^features lines. */
export const MAX_PATH_FEATURES = 8;
/** Bound of a model's tables. */
const MAX_TABLE_BYTES = 512 * 2 ** 20;

/** A tree whose leaves know, for each pattern of met conditions, what each feature on their path contributes. */
export interface InterventionalTree {
  readonly tree: Tree;
  /** Per inner node: the bit of its feature in the patterns of the leaves below. */
  readonly bit: Uint8Array;
  /** Leaves, in the order of their nodes. */
  readonly leaves: readonly InterventionalLeaf[];
}

/** One leaf's table, for a leaf of value 1. */
export interface InterventionalLeaf {
  readonly node: number;
  /** Features of the path; feature i has bit i of a pattern: the row meets all of its conditions on the path. */
  readonly features: readonly number[];
  /** `[2^features × features]`, pattern-major. */
  readonly table: Float32Array;
  /** Share of the background rows that reach the leaf. */
  readonly reached: number;
}

/**
 * Builds the tables of interventional SHAP (WOODELF, AAAI 2026, arXiv 2511.09376): a leaf's contributions depend on a
 * row only through its pattern, and on the background only through how often each pattern occurs there.
 * @param background `[n × features]`, row-major, NaN = missing.
 * @throws InterventionalRefusedError when a path names more than 8 features or the tables would not fit.
 */
export function interventionalTables(model: TreeModel, background: Float32Array, n: number): InterventionalTree[] {
  if (n < 1) throw new InterventionalRefusedError("no-background", "interventional explanation needs background rows");
  const paths = model.trees.map((tree) => leafPaths(tree, model.features));
  const bytes = paths.flat().reduce((sum, { features: { length } }) => sum + 4 * length * 2 ** length, 0);
  if (bytes > MAX_TABLE_BYTES) {
    throw new InterventionalRefusedError(
      "table-size",
      `the model's interventional tables would take ${Math.ceil(bytes / 2 ** 20)} MiB, at most ${MAX_TABLE_BYTES / 2 ** 20} are allowed: import it with covers`,
    );
  }
  return model.trees.map((tree, i) => buildTree(model, tree, paths[i] ?? [], background, n));
}

/**
 * Patterns of one row at every node of a tree: bit i is set while the row meets all conditions on the path of the
 * i-th distinct feature of that path; bits of features that come later are set.
 */
export function rowPatterns(
  { tree, bit }: Pick<InterventionalTree, "tree" | "bit">,
  row: Float32Array,
  patterns: Uint8Array,
): void {
  patterns[0] = 0xff;
  for (const [node, feature] of tree.feature.entries()) {
    if (feature < 0) continue;
    const pattern = patterns[node] ?? 0;
    const missed = pattern & ~(1 << (bit[node] ?? 0));
    const left = goesLeft(tree, node, row[feature] ?? Number.NaN);
    patterns[tree.left[node] ?? -1] = left ? pattern : missed;
    patterns[tree.right[node] ?? -1] = left ? missed : pattern;
  }
}

interface LeafPath {
  readonly node: number;
  readonly features: readonly number[];
}

function leafPaths(tree: Tree, features: number): LeafPath[] {
  const { maxDistinct } = layoutPaths(tree, features);
  if (maxDistinct > MAX_PATH_FEATURES) {
    throw new InterventionalRefusedError(
      "features-on-path",
      `a path of the model names ${maxDistinct} features, interventional explanation takes at most ${MAX_PATH_FEATURES}: import it with covers`,
    );
  }
  const pathOf: (readonly number[])[] = [[]];
  const leaves: LeafPath[] = [];
  for (const [node, feature] of tree.feature.entries()) {
    const path = pathOf[node] ?? [];
    if (feature < 0) {
      leaves.push({ node, features: path });
      continue;
    }
    const below = path.includes(feature) ? path : [...path, feature];
    pathOf[tree.left[node] ?? -1] = below;
    pathOf[tree.right[node] ?? -1] = below;
  }
  return leaves;
}

function buildTree(
  model: TreeModel,
  tree: Tree,
  paths: readonly LeafPath[],
  background: Float32Array,
  n: number,
): InterventionalTree {
  const bit = new Uint8Array(tree.feature.length);
  const pathOf = new Map<number, readonly number[]>(paths.map(({ node, features }) => [node, features]));
  // Children stand after their parent: backwards, a node learns its path's features from a child.
  for (let node = tree.feature.length - 1; node >= 0; node--) {
    const feature = tree.feature[node] ?? -1;
    if (feature < 0) continue;
    const below = pathOf.get(tree.left[node] ?? -1) ?? [];
    bit[node] = below.indexOf(feature);
    pathOf.set(node, below);
  }
  const counts = paths.map(({ features }) => new Float64Array(1 << features.length));
  const patterns = new Uint8Array(tree.feature.length);
  for (let r = 0; r < n; r++) {
    rowPatterns({ tree, bit }, background.subarray(r * model.features, (r + 1) * model.features), patterns);
    for (const [i, { node, features }] of paths.entries()) {
      const count = counts[i];
      const pattern = (patterns[node] ?? 0) & ((1 << features.length) - 1);
      if (count !== undefined) count[pattern] = (count[pattern] ?? 0) + 1 / n;
    }
  }
  const leaves = paths.map(({ node, features }, i): InterventionalLeaf => {
    const shares = counts[i] ?? new Float64Array(1);
    return { node, features, table: leafTable(features.length, shares), reached: shares.at(-1) ?? 0 };
  });
  return { tree, bit, leaves };
}

/**
 * Against one background row, a leaf is reached only by coalitions that hold every feature which the row alone meets
 * (a of them) and none which the background row alone meets (b); a feature that neither meets rules the leaf out. The
 * Shapley weight of such a feature is (a−1)! b! / (a+b)!, and −a! (b−1)! / (a+b)! of the others.
 */
function leafTable(distinct: number, shares: Float64Array): Float32Array {
  const all = (1 << distinct) - 1;
  const table = new Float64Array(distinct << distinct);
  for (const [other, share] of shares.entries()) {
    if (share === 0) continue;
    // Every pattern that meets what the background row does not, with any part of the rest.
    for (let part = other; ; part = (part - 1) & other) {
      const pattern = (all & ~other) | part;
      const [own, theirs] = [pattern & ~other, other & ~pattern];
      const [a, b] = [bitCount(own), bitCount(theirs)];
      for (let k = 0; k < distinct; k++) {
        const at = pattern * distinct + k;
        if ((own >> k) & 1) table[at] = (table[at] ?? 0) + share * shapleyWeight(a - 1, b);
        else if ((theirs >> k) & 1) table[at] = (table[at] ?? 0) - share * shapleyWeight(a, b - 1);
      }
      if (part === 0) break;
    }
  }
  return Float32Array.from(table);
}

const FACTORIALS = [1, 1, 2, 6, 24, 120, 720, 5040, 40_320];

/** `a! b! / (a + b + 1)!`, a + b below 8. */
function shapleyWeight(a: number, b: number): number {
  return ((FACTORIALS[a] ?? 0) * (FACTORIALS[b] ?? 0)) / (FACTORIALS[a + b + 1] ?? 1);
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
