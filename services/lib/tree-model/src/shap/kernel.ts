/**
 * Runs a compiled program over rows. The results of all kernels are bit-identical for the same program and
 * row.
 */
export interface Kernel {
  /** Name of the implementation: `"wasm-simd"` or `"typescript"`. */
  readonly code: "wasm-simd" | "typescript";
  /**
   * Writes the contributions to `out`, `[n × outputs × features]`, row-major.
   * @param rows `[n × features]`, row-major, NaN = missing.
   */
  explain(rows: Float32Array, n: number, out: Float32Array): void;
}
