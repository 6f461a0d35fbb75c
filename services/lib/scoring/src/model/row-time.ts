import type { OnnxSession } from "../runtime/onnx-session.ts";
import type { RowExplainer } from "./row-explainer.ts";
import { answerRows } from "./verify-model.ts";

/** Number of single rows that are computed, after some that only warm up. */
const ROWS = 12;
const WARM_UP = 3;

/**
 * Returns the mean time of the processor for a single row with its contributions, ms. Time of the processor and not of the clock: a
 * busy machine does not make a version slow.
 * @param row a row of the model, `[columns]`
 */
export async function measureRow(
  row: Float32Array,
  session: OnnxSession,
  explainer: RowExplainer | null,
): Promise<number> {
  for (let i = 0; i < WARM_UP; i++) await answerRows(row, 1, session, explainer);
  // All rows together: some systems count the time of a thread in steps of several milliseconds.
  const before = process.threadCpuUsage();
  for (let i = 0; i < ROWS; i++) await answerRows(row, 1, session, explainer);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000 / ROWS;
}
