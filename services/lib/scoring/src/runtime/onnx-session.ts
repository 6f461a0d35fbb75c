import { createSynchronousSession } from "./create-session.ts";
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
  /** Like `runWithMargins`, in the calling iteration of the event loop: for at most a few hundred rows. */
  runNow(rows: Float32Array, n: number): ModelOutputs;
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
  const session = createSynchronousSession(onnx, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
  const input = session.inputMetadata[0]?.name ?? "input";
  const outputName = session.outputMetadata[0]?.name ?? "output";
  const fetches = { [outputName]: null, ...(margin !== null && { [margin.name]: null }) };
  const runNow = (rows: Float32Array, n: number): ModelOutputs => {
    const result = session.run({ [input]: new ort.Tensor("float32", rows, [n, columns]) }, fetches, {});
    const outputs = dataOf(result[outputName], n);
    if (margin === null) return { outputs, margins: outputs };
    const margins = new Float32Array(n);
    const sums = dataOf(result[margin.name], n * margin.width);
    for (let row = 0; row < n; row++) margins[row] = sums[row * margin.width + margin.column] as number;
    return { outputs, margins };
  };
  const runWithMargins = async (rows: Float32Array, n: number): Promise<ModelOutputs> => {
    const outputs = new Float32Array(n);
    const margins = margin === null ? outputs : new Float32Array(n);
    for (let start = 0; start < n; start += TURN_ROWS) {
      if (start > 0) await nextTurn();
      const count = Math.min(TURN_ROWS, n - start);
      const part = runNow(rows.subarray(start * columns, (start + count) * columns), count);
      outputs.set(part.outputs, start);
      if (margin !== null) margins.set(part.margins, start);
    }
    return { outputs, margins };
  };
  return {
    run: async (rows, n) => (await runWithMargins(rows, n)).outputs,
    runWithMargins,
    runNow,
    release: async () => session.dispose(),
  };
}

/** @throws Error when the output is not float32 `[length]` */
function dataOf(value: unknown, length: number): Float32Array {
  const data = value instanceof ort.Tensor ? value.data : undefined;
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
