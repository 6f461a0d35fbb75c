import { buildTree, type SourceNode, type SourceSplit } from "@bellwether/tree-model/trees/build-tree";
import { float32AtMost, nextFloat32Below } from "@bellwether/tree-model/trees/float32";
import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";
import { MAX_GROWN_NODES, MAX_MEMBERS } from "@bellwether/tree-model/trees/limits";
import type { Tree } from "@bellwether/tree-model/trees/tree-model";
import type { TextSection } from "./lightgbm-text.ts";

/** Facts about the model that the reader of a tree needs. */
export interface LightgbmTreeContext {
  readonly features: number;
  readonly outputs: number;
  /** Index of the output that the tree adds to. */
  readonly group: number;
  /** Factor of every leaf. */
  readonly scale: number;
  /** Numbers of set members and of nodes that the model may still add. */
  readonly budget: { members: number; nodes: number };
}

/** Bits of `decision_type`. */
const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;
const MISSING_SHIFT = 2;
const MISSING_MASK = 3;
const MISSING_IS_ZERO = 1;
const MISSING_IS_NAN = 2;

/**
 * Keys of a tree that are read, or that are known not to change scores (gains, weights, the shrinkage, which
 * the leaves include).
 */
const TREE_KEYS: ReadonlySet<string> = new Set([
  "num_leaves",
  "num_cat",
  "split_feature",
  "split_gain",
  "threshold",
  "decision_type",
  "left_child",
  "right_child",
  "leaf_parent",
  "leaf_depth",
  "leaf_value",
  "leaf_weight",
  "leaf_count",
  "internal_value",
  "internal_weight",
  "internal_count",
  "cat_boundaries",
  "cat_threshold",
  "is_linear",
  "shrinkage",
  // Only linear trees use this key, and a tree with is_linear is rejected.
  "leaf_const",
  "num_features",
  "leaf_features",
  "leaf_coeff",
]);

/** LightGBM's kZeroThreshold. Where zero means missing, values with |x| ≤ 1e-35 count as zero. */
const ZERO = Math.fround(1e-35);
const BELOW_ZERO = nextFloat32Below(-ZERO);
/**
 * Zero and the two outermost values that count as zero. The tiny values between them follow the comparison;
 * real data has none.
 */
const ZEROES = Float32Array.of(-ZERO, 0, ZERO);

/** A node of the file's tree, as one of its copies in the canonical tree. */
interface Place {
  /** Inner node (≥ 0), or ~leaf. */
  readonly node: number;
  /** Share of the node's cover in the file that this copy has. */
  readonly share: number;
  /**
   * Cover of the rows with zero or missing values, when the node above has already sent them to the default
   * child; else null.
   */
  readonly zeroSent: number | null;
  /**
   * Columns whose zero and missing values the nodes above have separated from other values, the last one
   * first.
   */
  readonly separated: SeparatedColumn | null;
}

interface SeparatedColumn {
  readonly column: number;
  /** True: the rows here have zero or a missing value in the column. False: they have another value. */
  readonly isZero: boolean;
  readonly above: SeparatedColumn | null;
}

/**
 * Reads one tree of a LightGBM model file. Thresholds are doubles and rows are float32, so each threshold
 * becomes the largest float32 at or below it. Then each float32 row goes to the same child as in LightGBM;
 * `exact` keeps the doubles. A category in the bit set goes left, a missing value follows the node's missing
 * type, and counts become covers.
 * @throws ImportRejectedError for linear leaves, lists of unequal length, nodes with two parents, nodes that do not exist.
 */
export function readLightgbmTree(section: TextSection, context: LightgbmTreeContext): Tree {
  const { outputs, group, scale } = context;
  section.allowOnly(TREE_KEYS);
  if (section.has("is_linear") && section.number("is_linear") !== 0) {
    throw new ImportRejectedError(
      "unsupported",
      "trees with linear models in their leaves (linear_tree) are not sums of constants; train with linear_tree=false",
    );
  }
  const leaves = section.number("num_leaves");
  const values = section.numbers("leaf_value", leaves);
  const inner = leaves - 1;
  const counts = coverCounts(section, leaves);
  const split = inner === 0 ? null : splitReader(section, inner, context);
  const parents = new Uint8Array(2 * leaves);
  const describe = (place: Place): SourceNode<Place> => {
    const isLeaf = place.node < 0;
    const at = isLeaf ? ~place.node : place.node;
    const count = countOf(place.node, counts);
    const cover = count * place.share - (place.zeroSent ?? 0);
    if (!isLeaf) return { cover, split: split?.(place, counts) ?? null };
    const fill = (target: Float64Array): void => {
      target[group] = values[at] * scale;
    };
    return { cover, split: null, fill };
  };
  if (split !== null) checkShape(section, inner, leaves, parents);
  const root = { node: inner === 0 ? ~0 : 0, share: 1, zeroSent: null, separated: null };
  const { budget } = context;
  const size = 2 * leaves - 1;
  const tree = buildTree(root, outputs, size + budget.nodes, describe, () => tooLarge(section));
  budget.nodes -= tree.feature.length - size;
  return tree;
}

function tooLarge({ title }: TextSection): ImportRejectedError {
  return new ImportRejectedError(
    "unsafe",
    `${title}: where zero means missing (zero_as_missing), the trees would take more than ${MAX_GROWN_NODES} further nodes; train them with missing values as NaN instead, or with fewer leaves`,
  );
}

/** Covers of leaves and inner nodes. */
interface Counts {
  readonly leaf: Float64Array;
  readonly inner: Float64Array;
}

/** Returns the covers; all are 0 for a tree of one leaf, and when the file has none. */
function coverCounts(section: TextSection, leaves: number): Counts {
  if (leaves === 1 || !section.has("leaf_count") || !section.has("internal_count"))
    return { leaf: new Float64Array(leaves), inner: new Float64Array(leaves - 1) };
  return { leaf: section.numbers("leaf_count", leaves), inner: section.numbers("internal_count", leaves - 1) };
}

/**
 * Every node except the root has exactly one parent. As there is one edge for each of these nodes, no cycle
 * starts at the root.
 */
function checkShape(section: TextSection, inner: number, leaves: number, parents: Uint8Array): void {
  for (const key of ["left_child", "right_child"]) {
    for (const child of section.numbers(key, inner)) {
      const place = child < 0 ? inner + ~child : child;
      const exists = Number.isInteger(child) && (child < 0 ? ~child < leaves : child > 0 && child < inner);
      if (!exists || parents[place] === 1) {
        throw new ImportRejectedError(
          "malformed",
          `${section.title}: ${key} leads to ${child}, which does not exist or has two parents`,
        );
      }
      parents[place] = 1;
    }
  }
}

function splitReader(section: TextSection, inner: number, context: LightgbmTreeContext) {
  const feature = section.numbers("split_feature", inner);
  const threshold = section.limits("threshold", inner);
  const decision = section.numbers("decision_type", inner);
  const left = section.numbers("left_child", inner);
  const right = section.numbers("right_child", inner);
  const sets = readSets(section, context.budget);
  return (place: Place, counts: Counts): SourceSplit<Place> => {
    const at = place.node;
    const column = feature[at];
    if (!Number.isInteger(column) || column < 0 || column >= context.features) {
      throw new ImportRejectedError(
        "malformed",
        `${section.title}: a node reads column ${column} of ${context.features}`,
      );
    }
    const child = (node: number): Place => ({ ...place, node, zeroSent: null });
    const children = { left: child(left[at]), right: child(right[at]) };
    const type = decision[at];
    const cut = threshold[at];
    if ((type & CATEGORICAL) !== 0) {
      const members = sets[cut];
      if (members === undefined)
        throw new ImportRejectedError("malformed", `${section.title}: a node lacks its categories`);
      return { feature: column, threshold: 0, members, defaultLeft: false, ...children };
    }
    const missing = (type >> MISSING_SHIFT) & MISSING_MASK;
    const toLeft = (type & DEFAULT_LEFT) !== 0;
    const exact = withoutTiny(cut);
    const plain = { feature: column, members: null, threshold: float32AtMost(exact), exact, ...children };
    if (missing === MISSING_IS_NAN) return { ...plain, defaultLeft: toLeft };
    // Without a missing type, LightGBM reads NaN as 0.
    if (missing !== MISSING_IS_ZERO) return { ...plain, defaultLeft: cut >= 0 };
    return zeroSplit({ ...plain, defaultLeft: toLeft }, place, counts);
  };
}

/**
 * LightGBM treats values within 1e-35 of zero as zero before any node compares them. So a threshold in this
 * range acts like one just below it or at its upper end.
 */
function withoutTiny(cut: number): number {
  if (Math.abs(cut) > ZERO) return cut;
  return cut < 0 ? BELOW_ZERO : ZERO;
}

/**
 * Converts a node where zero and NaN mean missing. When the comparison sends zero to the default child, one
 * node is enough. Otherwise an "is it zero?" node comes first, and both nodes have a copy of the default
 * child with half of its cover each. This keeps every expectation, and so every SHAP value. Below these nodes
 * the answer is known, and one node is enough again.
 */
function zeroSplit(plain: SourceSplit<Place>, place: Place, counts: Counts): SourceSplit<Place> {
  const { feature, threshold, defaultLeft, left, right } = plain;
  // The comparison sends zero to the default child.
  if (defaultLeft === threshold >= ZERO) return plain;
  const [byDefault, other] = defaultLeft ? [left, right] : [right, left];
  const isZero = { feature, threshold: 0, members: ZEROES, defaultLeft: true };
  const known = separatedAbove(place, feature);
  if (known !== null && place.zeroSent === null) {
    return known.isZero ? { ...isZero, left: byDefault, right: other } : plain;
  }
  const half: Place = { ...byDefault, share: byDefault.share / 2 };
  if (place.zeroSent !== null) return defaultLeft ? { ...plain, left: half } : { ...plain, right: half };
  const zeroSent = countOf(half.node, counts) * half.share;
  const separated = (zero: boolean): SeparatedColumn => ({ column: feature, isZero: zero, above: place.separated });
  return {
    ...isZero,
    left: { ...half, separated: separated(true) },
    right: { ...place, zeroSent, separated: separated(false) },
  };
}

function separatedAbove(place: Place, column: number): SeparatedColumn | null {
  let at = place.separated;
  while (at !== null && at.column !== column) at = at.above;
  return at;
}

function countOf(node: number, counts: Counts): number {
  return node < 0 ? counts.leaf[~node] : counts.inner[node];
}

/**
 * Reads the sets of categories, by the index that `threshold` holds. Bit b of a set's words stands for
 * category b.
 */
function readSets(section: TextSection, budget: { members: number }): Float32Array[] {
  if (section.number("num_cat") === 0) return [];
  const bounds = section.numbers("cat_boundaries", section.number("num_cat") + 1);
  const words = section.numbers("cat_threshold", null);
  return [...bounds.subarray(1)].map((stop, at) => {
    const members: number[] = [];
    for (const [index, word] of words.subarray(bounds[at], stop).entries()) {
      for (let bit = 0; bit < 32; bit++) if (((word >>> bit) & 1) === 1) members.push(32 * index + bit);
      if (members.length > budget.members)
        throw new ImportRejectedError("unsafe", `the trees' sets hold more than ${MAX_MEMBERS} members`);
    }
    budget.members -= members.length;
    if (members.length === 0)
      throw new ImportRejectedError("malformed", `${section.title}: an empty set of categories`);
    return Float32Array.from(members);
  });
}
