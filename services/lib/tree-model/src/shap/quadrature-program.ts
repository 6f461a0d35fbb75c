import type { Tree, TreeModel } from "../trees/tree-model.ts";
import { emitTree } from "./emit-tree.ts";
import { gaussLegendre, pointsFor } from "./gauss-legendre.ts";
import { NoCoversError } from "./no-covers-error.ts";
import { pad, type SetColumn } from "./operations.ts";
import { layoutPaths } from "./path-layout.ts";
import { WordBuffer } from "./word-buffer.ts";

/*
 * The method. Take a leaf of value w whose path names the features j. Let z_j be the fraction of the training
 * rows that meet all of j's conditions on the path: the product of the cover fractions of the path's edges on
 * j (the cover fraction of an edge is the fraction of the rows at its upper node that take it). Let o_j ∈ {0,
 * 1} be whether the explained row meets these conditions. The SHAP values of the leaf are
 *
 *   φ_i = w (o_i − z_i) ∫₀¹ Π_{j≠i} (z_j (1−t) + o_j t) dt
 *
 * (TreeGrad-Shap, arXiv 2602.11623; Quadrature-TreeSHAP, arXiv 2605.04497). A few Gauss-Legendre points t_q
 * integrate them exactly. This program computes the sum over the leaves of a tree in one pass down and one
 * pass up. For a node whose feature is new on the path, let z be the cover fraction of its left edge, m =
 * [the row goes left] and F = z + (m − z) t:
 *
 *   down   G_left = G F,  G_right = G − G_left          (the two factors of a node add up to one)
 *   up     d = S_left − S_right,  S = S_right + F d,  φ += (m − z) Σ_q G_q d_q
 *
 * The passes start from G = the weights at the root and S = w at the leaves. Where the feature occurred
 * before on the path, let z' be the product of the cover fractions of the earlier edges on the feature and o'
 * = [the row met all of its conditions so far]. F is then the ratio of new to old factor, and each point has
 * its own multiplier K instead of m − z. The last two levels need no points: a stump of two leaves is a line
 * in t, a fork of two stumps (or of a stump and a leaf) is a parabola, so both need only ΣG and ΣG t of G.
 * The kernel never divides, and a cover fraction of zero needs no special case.
 */

/** A model compiled for the quadrature kernels. */
export interface QuadratureProgram {
  readonly features: number;
  readonly outputs: number;
  /** Columns that follow the model's features in the kernel's input: from index `features`. */
  readonly setColumns: readonly SetColumn[];
  /**
   * Five words per tree and output: output, points, first word of its operations, first float of its rule, 1
   * = flush after it.
   */
  readonly units: Int32Array;
  readonly operations: Int32Array;
  /**
   * Quadrature rules in use: the n points, then the n weights of each, both padded with zeros to a multiple
   * of 4.
   */
  readonly rules: Float32Array;
  /** Factors of nodes whose feature occurred before on the path, by point, padded in the same way. */
  readonly tables: Float32Array;
  /** Scratch memory in floats per row: the maximum over the trees of slots × padded points. */
  readonly maxSlotFloats: number;
  /** The largest number of pairs of child slots of any tree. */
  readonly maxPairs: number;
}

/** Number of inner nodes whose terms are summed in float32 before the sum is added to the float64 sums. */
const NODES_PER_FLUSH = 1024;
export const UNIT_WORDS = 5;

/**
 * Compiles a model for the quadrature kernels.
 * @throws NoCoversError when the model has no covers.
 */
export function compileQuadrature(model: TreeModel): QuadratureProgram {
  if (!model.hasCovers) throw new NoCoversError();
  const layouts = model.trees.map((tree) => layoutPaths(tree, model.features));
  const rules = new WordBuffer();
  const ruleOf = new Map<number, Rule>();
  const tables = new WordBuffer();
  const operations = new WordBuffer();
  const units = new WordBuffer();
  const setColumns = new Map<string, SetColumn>();
  let maxSlotFloats = 0;
  let maxPairs = 0;
  for (let output = 0; output < model.outputs; output++) {
    let nodes = 0;
    let flushAt = -1;
    for (const [i, tree] of model.trees.entries()) {
      const layout = layouts[i];
      if (layout === undefined || layout.innerNodes === 0 || !contributes(tree, model.outputs, output)) continue;
      const rule = ruleOf.get(layout.maxDistinct) ?? addRule(rules, pointsFor(layout.maxDistinct));
      ruleOf.set(layout.maxDistinct, rule);
      const n = rule.points.length;
      units.int(output);
      units.int(n);
      units.int(operations.length);
      units.int(rule.at);
      flushAt = units.length;
      nodes += layout.innerNodes;
      units.int(nodes >= NODES_PER_FLUSH ? 1 : 0);
      if (nodes >= NODES_PER_FLUSH) nodes = 0;
      const pairs = emitTree({ tree, layout, model, output, points: rule.points, operations, tables, setColumns });
      maxPairs = Math.max(maxPairs, pairs);
      maxSlotFloats = Math.max(maxSlotFloats, (2 * pairs + 1) * pad(n));
    }
    if (flushAt >= 0) units.setInt(flushAt, 1);
  }
  return {
    features: model.features,
    outputs: model.outputs,
    setColumns: [...setColumns.values()],
    units: units.ints(),
    operations: operations.ints(),
    rules: rules.floats(),
    tables: tables.floats(),
    maxSlotFloats,
    maxPairs,
  };
}

function contributes(tree: Tree, outputs: number, output: number): boolean {
  return outputs === 1 || tree.value.some((value, at) => at % outputs === output && value !== 0);
}

/** Position of a quadrature rule in the words of a program. */
interface Rule {
  readonly at: number;
  readonly points: Float64Array;
}

function addRule(rules: WordBuffer, n: number): Rule {
  const at = rules.length;
  const { points, weights } = gaussLegendre(n);
  for (const values of [points, weights]) {
    for (let q = 0; q < pad(n); q++) rules.float(q < values.length ? values[q] : 0);
  }
  return { at, points };
}
