import type { TreeModel } from "../trees/tree-model.ts";
import { baseValue } from "./base-value.ts";
import type { Kernel } from "./kernel.ts";
import { compileQuadrature } from "./quadrature-program.ts";
import { createScalarKernel } from "./scalar-kernel.ts";
import { createWasmKernel } from "./wasm-kernel.ts";

/** Exact SHAP values of one model, ready to run; synchronous and single-threaded. */
export interface Explainer {
  /** How they are computed. */
  readonly kind: "quadrature" | "pattern-tables";
  /** Names the arithmetic: rows explained under the same version have the same bits on any machine. */
  readonly version: string;
  /** Which of the two kinds of SHAP they are; the two differ. */
  readonly explanation: "path-dependent" | "interventional";
  /** What they are measured against, in words. */
  readonly background: string;
  /** The code that runs; it has no influence on the result. */
  readonly code: Kernel["code"];
  readonly features: number;
  readonly outputs: number;
  /** Expected raw output over the background, `[outputs]`. */
  readonly baseValue: Float64Array;
  /** Memory of the compiled model. */
  readonly tableBytes: number;
  /**
   * Contributions of each feature to each raw output, `[n × outputs × features]`, row-major, in `out` when given.
   * The result of a row does not depend on the rows beside it.
   * @param rows `[n × features]`, row-major float32, NaN = missing.
   * @throws RangeError when `rows` or `out` has too few values.
   */
  explain(rows: Float32Array, n: number, out?: Float32Array): Float32Array;
}

/** Raised whenever the same model and row may get other bits. */
export const QUADRATURE_VERSION = "quadrature/1";

/**
 * Compiles a model for exact path-dependent explanation.
 * @throws NoCoversError when the model has no covers.
 */
export function createExplainer(model: TreeModel): Explainer {
  const program = compileQuadrature(model);
  const kernel = createWasmKernel(program) ?? createScalarKernel(program);
  const { features, outputs } = model;
  return {
    kind: "quadrature",
    version: QUADRATURE_VERSION,
    explanation: "path-dependent",
    background: "training covers",
    code: kernel.code,
    features,
    outputs,
    baseValue: baseValue(model),
    tableBytes: 4 * (program.units.length + program.operations.length + program.rules.length + program.tables.length),
    explain(rows, n, out = new Float32Array(n * outputs * features)) {
      if (rows.length < n * features) throw new RangeError(`${n} rows of ${features} features: ${rows.length} values`);
      if (out.length < n * outputs * features)
        throw new RangeError(`${n} explained rows: room for ${out.length} values`);
      kernel.explain(rows, n, out);
      return out;
    },
  };
}
