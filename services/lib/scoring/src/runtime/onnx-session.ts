import { nextTurn, TURN_ROWS } from "./event-loop-turn.ts";
import { ort } from "./load-onnxruntime.ts";

/** Name and version of the runtime, for example "onnxruntime 1.30.0". */
export const RUNTIME = `onnxruntime ${ort.env.versions.common}`;

/**
 * A model loaded in the runtime. It runs on one thread, so that the outputs of a row are bit-identical in
 * every batch.
 */
export interface OnnxSession {
  /**
   * @param rows float32, row-major `[n × columns]`, NaN = missing.
   * @returns The first output of each row, `[n]`.
   */
  run(rows: Float32Array, n: number): Promise<Float32Array>;
  /** Like `run`, with the margins that the contributions add up to. */
  runWithMargins(rows: Float32Array, n: number): Promise<ModelOutputs>;
  /** Frees the model; the caller must wait for all runs first. */
  release(): Promise<void>;
}

/** Outputs of a model, one per row. */
export interface ModelOutputs {
  /** What the calibration converts to a score. */
  readonly outputs: Float32Array;
  /** What base value and contributions add up to. The same array as `outputs`, except for a class margin. */
  readonly margins: Float32Array;
}

/** A second output of the model, `[n, width]`, one column of which is the margin. */
export interface MarginOutput {
  readonly name: string;
  readonly width: number;
  readonly column: number;
}

/**
 * Loads a model whose input is `[n, columns]` and whose first output is one number per row.
 * @param margin Null: the output itself is the margin.
 */
export async function openOnnxSession(
  onnx: Uint8Array,
  columns: number,
  margin: MarginOutput | null = null,
): Promise<OnnxSession> {
  const session = await ort.InferenceSession.create(onnx, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
  const input = session.inputNames[0] ?? "input";
  const outputName = session.outputNames[0] ?? "output";
  const runWithMargins = async (rows: Float32Array, n: number): Promise<ModelOutputs> => {
    const outputs = new Float32Array(n);
    const margins = margin === null ? outputs : new Float32Array(n);
    for (let start = 0; start < n; start += TURN_ROWS) {
      if (start > 0) await nextTurn();
      const count = Math.min(TURN_ROWS, n - start);
      const chunk = rows.subarray(start * columns, (start + count) * columns);
      const result = await session.run({ [input]: new ort.Tensor("float32", chunk, [count, columns]) });
      outputs.set(dataOf(result[outputName]?.data, count), start);
      if (margin === null) continue;
      const sums = dataOf(result[margin.name]?.data, count * margin.width);
      for (let row = 0; row < count; row++) margins[start + row] = sums[row * margin.width + margin.column] as number;
    }
    return { outputs, margins };
  };
  return {
    run: async (rows, n) => (await runWithMargins(rows, n)).outputs,
    runWithMargins,
    release: () => session.release(),
  };
}

/** @throws Error when the output is not float32 `[length]` */
function dataOf(data: unknown, length: number): Float32Array {
  if (!(data instanceof Float32Array) || data.length !== length)
    throw new Error("the runtime's output does not have the shape that the model declares");
  return data;
}

/** Loads, runs and frees a model; training and import use it to verify their model files. */
export async function runOnnx(onnx: Uint8Array, rows: Float32Array, n: number, columns: number): Promise<Float32Array> {
  const session = await openOnnxSession(onnx, columns);
  try {
    return await session.run(rows, n);
  } finally {
    await session.release();
  }
}
