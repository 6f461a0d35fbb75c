import type { TreeModel } from "../trees/tree-model.ts";
import { baseValue } from "./base-value.ts";
import type { Kernel } from "./kernel.ts";
import { compileQuadrature, type QuadratureProgram } from "./quadrature-program.ts";
import { createScalarKernel } from "./scalar-kernel.ts";
import { createWasmKernel } from "./wasm-kernel.ts";

/** A compiled model that computes exact SHAP values; synchronous and single-threaded. */
export interface Explainer {
  /** Method that computes the values. */
  readonly kind: "quadrature" | "pattern-tables";
  /**
   * Version of the arithmetic. With the same version, the contributions of a row are bit-identical on every
   * machine.
   */
  readonly version: string;
  /** Kind of SHAP. The values of the two kinds differ. */
  readonly explanation: "path-dependent" | "interventional";
  /** The background that the contributions are measured against, in words. */
  readonly background: string;
  /** Implementation that runs. All implementations return the same values. */
  readonly code: Kernel["code"];
  readonly features: number;
  readonly outputs: number;
  /** Expected raw output over the background, `[outputs]`. */
  readonly baseValue: Float64Array;
  /** Memory of the compiled model, in bytes. */
  readonly tableBytes: number;
  /**
   * Returns the contribution of each feature to each raw output, `[n × outputs × features]`, row-major,
   * written to `out` when `out` is set. The result of a row does not depend on the other rows of the call.
   * @param rows `[n × features]`, row-major float32, NaN = missing.
   * @throws RangeError when `rows` or `out` has too few values.
   */
  explain(rows: Float32Array, n: number, out?: Float32Array): Float32Array;
}

/**
 * Version of the quadrature kernels. It must be increased with each change after which the same model and row
 * may have contributions with different bits.
 */
export const QUADRATURE_VERSION = "quadrature/1";

/** A model compiled for exact path-dependent SHAP: plain data, which can be passed to another thread. */
export interface CompiledQuadrature {
  readonly kind: "quadrature";
  readonly program: QuadratureProgram;
  /** Expected raw output over the training covers, `[outputs]`. */
  readonly baseValue: Float64Array;
}

/**
 * Compiles a model for exact path-dependent SHAP. A large model takes seconds.
 * @throws NoCoversError when the model has no covers.
 */
export function compileExplainer(model: TreeModel): CompiledQuadrature {
  return { kind: "quadrature", program: compileQuadrature(model), baseValue: baseValue(model) };
}

/** Makes a compiled model ready to run: copies it into the memory of the kernel. */
export function openCompiled({ program, baseValue: base }: CompiledQuadrature): Explainer {
  const kernel = createWasmKernel(program) ?? createScalarKernel(program);
  const { features, outputs } = program;
  return {
    kind: "quadrature",
    version: QUADRATURE_VERSION,
    explanation: "path-dependent",
    background: "training covers",
    code: kernel.code,
    features,
    outputs,
    baseValue: base,
    tableBytes: 4 * (program.units.length + program.operations.length + program.rules.length + program.tables.length),
    explain(rows, n, out = new Float32Array(n * outputs * features)) {
      if (rows.length < n * features) throw new RangeError(`${n} rows of ${features} features: ${rows.length} values`);
      if (out.length < n * outputs * features)
        throw new RangeError(`${n} explained rows: space for ${out.length} values`);
      kernel.explain(rows, n, out);
      return out;
    },
  };
}

/**
 * Compiles a model for exact path-dependent SHAP, ready to run.
 * @throws NoCoversError when the model has no covers.
 */
export const createExplainer = (model: TreeModel): Explainer => openCompiled(compileExplainer(model));
