import type { TreeModel } from "../trees/tree-model.ts";
import type { Explainer } from "./explainer.ts";
import {
  checkInterventional,
  type InterventionalTree,
  interventionalTree,
  rowPatterns,
} from "./interventional-tables.ts";

/**
 * Version of the interventional explainer. It must be increased with each change after which the same model,
 * background and row may have contributions with different bits.
 */
export const INTERVENTIONAL_VERSION = "interventional/1";

/** Number of rows that are evaluated together on one tree, so that the tree's tables stay in the cache. */
const BLOCK_ROWS = 64;

/**
 * Compiles a model for exact interventional SHAP against background rows: a feature that is not known takes
 * its value from a background row, independent of the known features. Covers are not needed.
 * @param background `[n × features]`, row-major float32, NaN = missing.
 * @throws InterventionalRejectedError when a path names more than 8 features, the tables would exceed their bound, or n is 0.
 * @throws RangeError when `background` has too few values.
 */
export function createInterventionalExplainer(model: TreeModel, background: Float32Array, n: number): Explainer {
  const steps = compileInterventional(model, background, n);
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return openInterventional(step.value);
}

/** A model compiled for exact interventional SHAP: plain data, which can be passed to another thread. */
export interface CompiledInterventional {
  readonly kind: "pattern-tables";
  readonly features: number;
  readonly outputs: number;
  /** Number of background rows. */
  readonly rows: number;
  readonly trees: readonly InterventionalTree[];
  /** Expected raw output over the background, `[outputs]`. */
  readonly baseValue: Float64Array;
}

/**
 * Compiles a model for exact interventional SHAP, one tree per step. A large model takes seconds, so a
 * server runs each step in another iteration of its event loop.
 * @throws RangeError, InterventionalRejectedError as createInterventionalExplainer.
 */
export function* compileInterventional(
  model: TreeModel,
  background: Float32Array,
  n: number,
): Generator<undefined, CompiledInterventional> {
  const { features, outputs } = model;
  if (background.length < n * features) {
    throw new RangeError(`${n} background rows of ${features} features: ${background.length} values`);
  }
  checkInterventional(model, n);
  const trees: InterventionalTree[] = [];
  for (const tree of model.trees) {
    trees.push(interventionalTree(tree, background, n, features));
    yield;
  }
  return { kind: "pattern-tables", features, outputs, rows: n, trees, baseValue: expectedOutput(model, trees) };
}

/** Makes a compiled model ready to run. */
export function openInterventional({
  features,
  outputs,
  rows: n,
  trees,
  baseValue,
}: CompiledInterventional): Explainer {
  const sums = new Float64Array(BLOCK_ROWS * outputs * features);
  const patterns = new Uint8Array(trees.reduce((most, { tree }) => Math.max(most, tree.feature.length), 0));
  return {
    kind: "pattern-tables",
    version: INTERVENTIONAL_VERSION,
    explanation: "interventional",
    background: `${n} background rows`,
    code: "typescript",
    features,
    outputs,
    baseValue,
    tableBytes: trees.reduce((bytes, { tables }) => bytes + tables.byteLength, 0),
    explain(rows, count, out = new Float32Array(count * outputs * features)) {
      if (rows.length < count * features) {
        throw new RangeError(`${count} rows of ${features} features: ${rows.length} values`);
      }
      if (out.length < count * outputs * features) {
        throw new RangeError(`${count} explained rows: space for ${out.length} values`);
      }
      const width = outputs * features;
      for (let first = 0; first < count; first += BLOCK_ROWS) {
        const size = Math.min(BLOCK_ROWS, count - first);
        sums.fill(0);
        for (const each of trees) {
          for (let r = 0; r < size; r++) {
            rowPatterns(each, rows, (first + r) * features, patterns);
            for (let k = 0; k < outputs; k++) addTree(each, patterns, outputs, k, sums, r * width + k * features);
          }
        }
        out.set(sums.subarray(0, size * width), first * width);
      }
      return out;
    },
  };
}

function expectedOutput(model: TreeModel, trees: readonly InterventionalTree[]): Float64Array {
  const { outputs } = model;
  const expected = Float64Array.from(model.base);
  for (const { tree, leaves, reached } of trees) {
    for (const [i, node] of leaves.entries()) {
      for (let k = 0; k < outputs; k++) {
        expected[k] += reached[i] * tree.value[node * outputs + k];
      }
    }
  }
  return expected;
}

/** Adds the contributions of one tree to one output of one row; `at` is the row's first index. */
function addTree(
  { tree, leaves, distinct, featuresAt, tableAt, features, tables }: InterventionalTree,
  patterns: Uint8Array,
  outputs: number,
  output: number,
  sums: Float64Array,
  at: number,
): void {
  for (let i = 0; i < leaves.length; i++) {
    const node = leaves[i];
    const count = distinct[i];
    const line = tableAt[i] + (patterns[node] & ((1 << count) - 1)) * count;
    const path = featuresAt[i];
    const value = tree.value[node * outputs + output];
    for (let f = 0; f < count; f++) {
      const sum = at + features[path + f];
      sums[sum] += value * tables[line + f];
    }
  }
}
