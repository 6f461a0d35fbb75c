import { createSession, plainError } from "./create-session.ts";
import { ort, type Tensor } from "./load-onnxruntime.ts";

/** A tensor `[rows, columns]`, row-major. */
interface OnnxInput {
  readonly name: string;
  readonly columns: number;
  readonly data:
    | { readonly type: "float32"; readonly values: Float32Array }
    | { readonly type: "float64"; readonly values: Float64Array }
    | { readonly type: "int64"; readonly values: BigInt64Array }
    | { readonly type: "string"; readonly values: readonly string[] };
}

/** Loads a model in ONNX Runtime with one thread, runs it once and releases it. Returns one output, flattened row-major. */
export async function runOnnxModel(
  model: Uint8Array,
  rows: number,
  inputs: readonly OnnxInput[],
  output: string,
): Promise<ArrayLike<number>> {
  const session = await createSession(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  try {
    const feeds = Object.fromEntries(inputs.map((input) => [input.name, tensorOf(input, rows)]));
    const { data } = (await session.run(feeds, [output]).catch(plainError))[output] ?? {};
    if (data instanceof Float32Array || data instanceof Float64Array) return data;
    throw new Error(`output ${output} is no tensor of floats`);
  } finally {
    await session.release();
  }
}

function tensorOf({ columns, data }: OnnxInput, rows: number): Tensor {
  const dims = [rows, columns];
  if (data.type === "float32") return new ort.Tensor("float32", data.values, dims);
  if (data.type === "float64") return new ort.Tensor("float64", data.values, dims);
  return data.type === "int64"
    ? new ort.Tensor("int64", data.values, dims)
    : new ort.Tensor("string", [...data.values], dims);
}
