/** A tensor `[rows, columns]`, row-major. */
export interface OnnxInput {
  readonly name: string;
  readonly columns: number;
  readonly data:
    | { readonly type: "float32"; readonly values: Float32Array }
    | { readonly type: "float64"; readonly values: Float64Array }
    | { readonly type: "int64"; readonly values: BigInt64Array }
    | { readonly type: "string"; readonly values: readonly string[] };
}

/**
 * Runs an ONNX model once in the runtime that will serve it, and returns one output, flattened row-major.
 * Importers receive this function as an argument, so that they load no native code themselves.
 */
export type RunOnnx = (
  model: Uint8Array,
  rows: number,
  inputs: readonly OnnxInput[],
  output: string,
) => Promise<ArrayLike<number>>;
