import type { OnnxInput, RunOnnx } from "@bellwether/model-import/rows/run-onnx";
import { ort, type Tensor } from "@bellwether/scoring/runtime/load-onnxruntime";

/** Loads a model in ONNX Runtime with one thread, runs it once and releases it. */
export const runOnnx: RunOnnx = async (model, rows, inputs, output) => {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  try {
    const feeds = Object.fromEntries(inputs.map((input) => [input.name, tensorOf(input, rows)]));
    const { data } = (await session.run(feeds, [output]))[output] ?? {};
    if (data instanceof Float32Array || data instanceof Float64Array) return data;
    throw new Error(`output ${output} is no tensor of floats`);
  } finally {
    await session.release();
  }
};

function tensorOf({ columns, data }: OnnxInput, rows: number): Tensor {
  const dims = [rows, columns];
  if (data.type === "float32") return new ort.Tensor("float32", data.values, dims);
  if (data.type === "float64") return new ort.Tensor("float64", data.values, dims);
  return data.type === "int64"
    ? new ort.Tensor("int64", data.values, dims)
    : new ort.Tensor("string", [...data.values], dims);
}
