import type { OnnxSession } from "../runtime/onnx-session.ts";
import type { RowExplainer } from "./row-explainer.ts";

/** What a model computes for one row. */
export interface RowResult {
  /** Output before calibration. */
  readonly output: number;
  /** What base value and contributions add up to. */
  readonly margin: number;
  /** One contribution per column; null when none were requested or the model has no explanation. */
  readonly contributions: Float32Array | null;
}

/**
 * Computes one row, float32 `[columns]`. The row must not be changed before the result.
 * @throws the error of the runtime or of the explanation kernel
 */
export type ScoreRow = (row: Float32Array, withContributions: boolean) => Promise<RowResult>;

interface Waiting {
  readonly row: Float32Array;
  readonly withContributions: boolean;
  readonly resolve: (result: RowResult) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Maximum number of rows that are computed at once, about a millisecond of work. Further rows wait for the next
 * iteration of the event loop.
 */
const BLOCK_ROWS = 64;

/**
 * Collects the rows that arrive in one callback of the event loop and computes them together. A row never waits for
 * another: the rows are computed as soon as the callback, and the promises that it settled, have ended. The result of a
 * row does not depend on the rows beside it: the runtime has one thread, and the kernel computes each row by itself.
 * Together, rows cost less than half as much, because runtime and kernel have a cost per call.
 */
export function createMicroBatcher(
  columns: number,
  session: Pick<OnnxSession, "runNow">,
  explainer: Pick<RowExplainer, "explain"> | null,
): ScoreRow {
  const block = new Float32Array(BLOCK_ROWS * columns);
  let waiting: Waiting[] = [];

  const rowsOf = (taken: readonly Waiting[]): Float32Array => {
    const [first] = taken;
    if (taken.length === 1 && first !== undefined) return first.row;
    for (const [i, { row }] of taken.entries()) block.set(row, i * columns);
    return block.subarray(0, taken.length * columns);
  };
  const compute = (): void => {
    const taken = waiting.length <= BLOCK_ROWS ? waiting : waiting.slice(0, BLOCK_ROWS);
    waiting = taken === waiting ? [] : waiting.slice(BLOCK_ROWS);
    if (waiting.length > 0) setImmediate(compute);
    try {
      const n = taken.length;
      const rows = rowsOf(taken);
      const { outputs, margins } = session.runNow(rows, n);
      const isExplained = explainer !== null && taken.some(({ withContributions }) => withContributions);
      const explained = isExplained ? explainer.explain(rows, n) : null;
      for (const [i, { withContributions, resolve }] of taken.entries()) {
        const contributions =
          explained !== null && withContributions ? explained.subarray(i * columns, (i + 1) * columns) : null;
        resolve({ output: outputs[i] as number, margin: margins[i] as number, contributions });
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
  };
  return (row, withContributions) =>
    new Promise((resolve, reject) => {
      // The queue of nextTick is processed after the callback that runs now, or after all settled promises.
      if (waiting.push({ row, withContributions, resolve, reject }) === 1) process.nextTick(compute);
    });
}
