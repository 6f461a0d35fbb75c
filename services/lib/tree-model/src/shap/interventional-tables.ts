import { goesLeft } from "../trees/split.ts";
import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { InterventionalRejectedError } from "./interventional-rejected-error.ts";
import { layoutPaths } from "./path-layout.ts";

/** Maximum number of distinct features on a path: the table of a leaf has 2^features lines. */
export const MAX_PATH_FEATURES = 8;
/** Limit of the tables of a model, in bytes. Each thread that explains the model holds them. */
const MAX_TABLE_BYTES = 128 * 2 ** 20;

/**
 * A tree whose leaves have a table: for each pattern of met conditions, the contribution of each feature on
 * the path.
 */
export interface InterventionalTree {
  readonly tree: Tree;
  /** Per inner node: the bit of its feature in the patterns of the leaves below it. */
  readonly bit: Uint8Array;
  /** Node indices of the leaves, ascending; the arrays below have one entry per leaf. */
  readonly leaves: Int32Array;
  /** Number of distinct features on the path. */
  readonly distinct: Uint8Array;
  /**
   * First index of the path's features in `features`. Bit i of a pattern is set when the row meets all
   * conditions of feature i.
   */
  readonly featuresAt: Int32Array;
  /**
   * First index of the leaf's table in `tables`: `[2^distinct × distinct]`, pattern-major, for a leaf of
   * value 1.
   */
  readonly tableAt: Int32Array;
  /** Fraction of the background rows that reach the leaf. */
  readonly reached: Float64Array;
  readonly features: Int32Array;
  readonly tables: Float32Array;
}

/**
 * Checks that interventional tables can be built for a model.
 * @param n Number of background rows.
 * @throws InterventionalRejectedError when a path names more than 8 features, the tables would exceed their bound, or n is 0.
 */
export function checkInterventional(model: TreeModel, n: number): void {
  if (n < 1) throw new InterventionalRejectedError("no-background", "interventional explanation needs background rows");
  let bytes = 0;
  for (const tree of model.trees) {
    const { maxDistinct } = layoutPaths(tree, model.features);
    if (maxDistinct > MAX_PATH_FEATURES) {
      throw new InterventionalRejectedError(
        "features-on-path",
        `a path of the model names ${maxDistinct} features, interventional explanation takes at most ${MAX_PATH_FEATURES}: import it with covers`,
      );
    }
    for (const { features } of leafPaths(tree)) bytes += 4 * features.length * 2 ** features.length;
  }
  if (bytes > MAX_TABLE_BYTES) {
    throw new InterventionalRejectedError(
      "table-size",
      `the model's interventional tables would take ${Math.ceil(bytes / 2 ** 20)} MiB, at most ${MAX_TABLE_BYTES / 2 ** 20} are allowed: import it with covers`,
    );
  }
}

/**
 * Builds the tables of interventional SHAP for a checked tree (WOODELF, AAAI 2026, arXiv 2511.09376). The
 * contributions of a leaf depend on a row only through the row's pattern, and on the background only through
 * the frequency of each pattern.
 * @param background `[n × width]`, row-major, NaN = missing.
 */
export function interventionalTree(tree: Tree, background: Float32Array, n: number, width: number): InterventionalTree {
  const paths = leafPaths(tree);
  const bit = featureBits(tree, paths);
  const leaves = Int32Array.from(paths, ({ node }) => node);
  const distinct = Uint8Array.from(paths, ({ features }) => features.length);
  const counts = countPatterns({ tree, bit, leaves, distinct }, background, n, width);
  const tableAt = new Int32Array(leaves.length);
  let length = 0;
  for (const [i, d] of distinct.entries()) {
    tableAt[i] = length;
    length += d << d;
  }
  const tables = new Float32Array(length);
  for (const [i, d] of distinct.entries()) {
    const shares = counts.subarray(i << MAX_PATH_FEATURES, (i << MAX_PATH_FEATURES) + (1 << d));
    tables.set(leafTable(d, shares), tableAt[i]);
  }
  const featuresAt = new Int32Array(leaves.length);
  for (let i = 1; i < leaves.length; i++) featuresAt[i] = featuresAt[i - 1] + distinct[i - 1];
  const reached = Float64Array.from(distinct, (d, i) => counts[(i << MAX_PATH_FEATURES) + (1 << d) - 1]);
  const features = Int32Array.from(paths.flatMap((path) => path.features));
  return { tree, bit, leaves, distinct, featuresAt, tableAt, reached, features, tables };
}

/**
 * Computes the pattern of one row at every node of a tree. Bit i is set while the row meets all conditions on
 * the path that name its i-th distinct feature. Bits of features that occur only further down are set.
 * @param at Index of the row's first value in `rows`.
 */
export function rowPatterns(
  { tree, bit }: Pick<InterventionalTree, "tree" | "bit">,
  rows: Float32Array,
  at: number,
  patterns: Uint8Array,
): void {
  const { feature, threshold, left, right, members } = tree;
  patterns[0] = 0xff;
  for (let node = 0; node < feature.length; node++) {
    const column = feature[node];
    if (column < 0) continue;
    const pattern = patterns[node];
    const missed = pattern & ~(1 << bit[node]);
    const x = rows[at + column];
    const plain = members.size === 0 && !Number.isNaN(x);
    const goes = plain ? x <= threshold[node] : goesLeft(tree, node, x);
    patterns[left[node]] = goes ? pattern : missed;
    patterns[right[node]] = goes ? missed : pattern;
  }
}

interface LeafPath {
  readonly node: number;
  readonly features: readonly number[];
}

function leafPaths(tree: Tree): LeafPath[] {
  const pathOf: (readonly number[])[] = [[]];
  const leaves: LeafPath[] = [];
  for (const [node, feature] of tree.feature.entries()) {
    const path = pathOf[node] ?? [];
    if (feature < 0) {
      leaves.push({ node, features: path });
      continue;
    }
    const below = path.includes(feature) ? path : [...path, feature];
    pathOf[tree.left[node]] = below;
    pathOf[tree.right[node]] = below;
  }
  return leaves;
}

function featureBits(tree: Tree, paths: readonly LeafPath[]): Uint8Array {
  const bit = new Uint8Array(tree.feature.length);
  const pathOf = new Map<number, readonly number[]>(paths.map(({ node, features }) => [node, features]));
  // Children come after their parent, so this backward pass finds the features of a node's path through its
  // children.
  for (let node = tree.feature.length - 1; node >= 0; node--) {
    const feature = tree.feature[node];
    if (feature < 0) continue;
    const below = pathOf.get(tree.left[node]) ?? [];
    bit[node] = below.indexOf(feature);
    pathOf.set(node, below);
  }
  return bit;
}

/**
 * Computes, for each leaf and pattern, the fraction of the background rows that have the pattern, `[leaves ×
 * 2^MAX_PATH_FEATURES]`.
 */
function countPatterns(
  shape: Pick<InterventionalTree, "tree" | "bit" | "leaves" | "distinct">,
  background: Float32Array,
  n: number,
  width: number,
): Float64Array {
  const { leaves, distinct } = shape;
  const counts = new Float64Array(leaves.length << MAX_PATH_FEATURES);
  const patterns = new Uint8Array(shape.tree.feature.length);
  for (let r = 0; r < n; r++) {
    rowPatterns(shape, background, r * width, patterns);
    for (let i = 0; i < leaves.length; i++) {
      const pattern = patterns[leaves[i]] & ((1 << distinct[i]) - 1);
      const at = (i << MAX_PATH_FEATURES) + pattern;
      counts[at] += 1 / n;
    }
  }
  return counts;
}

/**
 * For one background row, a coalition reaches the leaf only when it contains every feature that only the
 * explained row meets (a features) and none that only the background row meets (b features). A feature that
 * neither row meets makes the leaf unreachable. The Shapley weight is (a−1)! b! / (a+b)! for each of the a
 * features and −a! (b−1)! / (a+b)! for each of the b.
 */
function leafTable(distinct: number, shares: Float64Array): Float64Array {
  const all = (1 << distinct) - 1;
  const table = new Float64Array(distinct << distinct);
  for (let other = 0; other <= all; other++) {
    const share = shares[other];
    if (share === 0) continue;
    // Every pattern that contains the features which the background row does not meet, with any subset of the
    // others.
    for (let part = other; ; part = (part - 1) & other) {
      const pattern = (all & ~other) | part;
      const [own, theirs] = [pattern & ~other, other & ~pattern];
      const [a, b] = [bitCount(own), bitCount(theirs)];
      const gain = a === 0 ? 0 : share * shapleyWeight(a - 1, b);
      const loss = b === 0 ? 0 : share * shapleyWeight(a, b - 1);
      for (let k = 0; k < distinct; k++) {
        const at = pattern * distinct + k;
        if ((own >> k) & 1) table[at] += gain;
        else if ((theirs >> k) & 1) table[at] -= loss;
      }
      if (part === 0) break;
    }
  }
  return table;
}

const FACTORIALS = [1, 1, 2, 6, 24, 120, 720, 5040, 40_320];

/** Returns `a! b! / (a + b + 1)!` for a + b < 8. */
function shapleyWeight(a: number, b: number): number {
  return (FACTORIALS[a] * FACTORIALS[b]) / FACTORIALS[a + b + 1];
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
