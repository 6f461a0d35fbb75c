/** Runs a compiled program over rows; every kernel gives the same bits for the same program and row. */
export interface Kernel {
  /** Which code it is: `"wasm-simd"` or `"typescript"`. */
  readonly code: "wasm-simd" | "typescript";
  /**
   * Writes contributions, `[n × outputs × features]`, row-major.
   * @param rows `[n × features]`, row-major, NaN = missing.
   */
  explain(rows: Float32Array, n: number, out: Float32Array): void;
}
