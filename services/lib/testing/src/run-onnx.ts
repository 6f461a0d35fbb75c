import type { OnnxInput, RunOnnx } from "@bellwether/model-import/rows/run-onnx";
import { ort, type Tensor } from "@bellwether/scoring/runtime/load-onnxruntime";

/** ONNX Runtime for tests of importers. */
export const runOnnx: RunOnnx = async (model, rows, inputs, output) => {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, tensorOf(input, rows)]));
  const { data } = (await session.run(feeds, [output]))[output] ?? {};
  await session.release();
  return Float64Array.from((data ?? []) as Float32Array, Number);
};

function tensorOf({ columns, data }: OnnxInput, rows: number): Tensor {
  const values = data.type === "string" ? [...data.values] : data.values;
  return new ort.Tensor(data.type, values, [rows, columns]);
}
