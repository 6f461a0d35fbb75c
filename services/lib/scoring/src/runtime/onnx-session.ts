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
  /** Frees the model; the caller must wait for all runs first. */
  release(): Promise<void>;
}

/** Loads a model whose input is `[n, columns]` and whose output is one number per row. */
export async function openOnnxSession(onnx: Uint8Array, columns: number): Promise<OnnxSession> {
  const session = await ort.InferenceSession.create(onnx, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
  const input = session.inputNames[0] ?? "input";
  const outputName = session.outputNames[0] ?? "output";
  return {
    async run(rows, n) {
      const out = new Float32Array(n);
      for (let start = 0; start < n; start += TURN_ROWS) {
        if (start > 0) await nextTurn();
        const count = Math.min(TURN_ROWS, n - start);
        const chunk = rows.subarray(start * columns, (start + count) * columns);
        const result = await session.run({ [input]: new ort.Tensor("float32", chunk, [count, columns]) });
        const data = result[outputName]?.data;
        if (!(data instanceof Float32Array) || data.length !== count)
          throw new Error("the runtime's output does not have the shape that the model declares");
        out.set(data, start);
      }
      return out;
    },
    release: () => session.release(),
  };
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
