import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { spreadRows } from "@bellwether/risk-model/importance/importance";
import { measureImportance } from "@bellwether/risk-model/importance/measure-importance";
import type { MeasuredExplanation } from "@bellwether/risk-model/promotion/parity-checks";
import { inputRows } from "../batch/batch-rows.ts";
import { scoreBatch } from "../batch/score-batch.ts";
import { inputOfBatchRow } from "../comparison/answers.ts";
import { openScoringModel, type ScoringModel } from "../model/scoring-model.ts";
import { scoreSupplier } from "../score/score-supplier.ts";
import type { MeasuredVersion } from "./measure-messages.ts";

/** Rows that are scored at a time, rows that are explained, and measurements of the time with their rows. */
const CHUNK_ROWS = 1_024;
const EXPLAINED_ROWS = 500;
const MEASUREMENTS = 21;
const TIMED_ROWS = 20;
/** CPU time of one measurement, ms: some systems count it in steps of several milliseconds. */
const MEASURED_MS = 40;
/** Most rows of one measurement. */
const MAX_TIMED_ROWS = 5_000;

/**
 * Scores and explains rows with a version, and measures the CPU time of single rows in this thread.
 * @throws ModelRejectedError, BundleError
 */
export async function measureVersion(stored: StoredVersion, input: ColumnarInput): Promise<MeasuredVersion> {
  const model = await openScoringModel(stored);
  try {
    const scores = new Float64Array(input.rows);
    for (let first = 0; first < input.rows; first += CHUNK_ROWS) {
      const chunk = inputRows(input, first, Math.min(input.rows, first + CHUNK_ROWS));
      scores.set((await scoreBatch(model, chunk, false)).riskScores, first);
    }
    const scored = Uint32Array.from([...scores.keys()].filter((row) => !Number.isNaN(scores[row])));
    const explained = spreadRows(scored.length, EXPLAINED_ROWS).map((i) => scored[i] ?? 0);
    const { features, text, classes, bands } = model.bundle;
    return {
      scores,
      explanation: await explain(model, rowsAt(input, explained)),
      rowTimes: await timeRows(model, input, explained),
      contract: { features, text, classes, bands },
    };
  } finally {
    await model.release();
  }
}

async function explain(model: ScoringModel, input: ColumnarInput): Promise<MeasuredExplanation> {
  const { explainer, bundle, vectorizer } = model;
  if (explainer === null) return null;
  if (input.rows === 0) return { additivityError: 0, importance: new Map() };
  const { values } = vectorizer.vectorizeBatch(input);
  const { margins } = await model.predict(values, input.rows);
  const contributions = explainer.explain(values, input.rows);
  const columns = contributions.length / input.rows;
  let additivityError = 0;
  for (const [row, margin] of margins.entries()) {
    let [sum, size] = [explainer.baseValue, Math.abs(explainer.baseValue)];
    for (const value of contributions.subarray(row * columns, (row + 1) * columns)) {
      sum += value;
      size += Math.abs(value);
    }
    const error = Math.abs(sum - margin) / Math.max(1, size);
    // NaN is an error too.
    additivityError = error <= additivityError ? additivityError : Number.isNaN(error) ? Number.MAX_VALUE : error;
  }
  const measured = measureImportance(bundle, { values, count: input.rows, text: "" }, () => contributions);
  const importance = new Map((measured?.features ?? []).map(({ feature, meanMagnitude }) => [feature, meanMagnitude]));
  return { additivityError, importance };
}

/** Returns the CPU time of a row, ms, of repeated measurements. */
async function timeRows(model: ScoringModel, input: ColumnarInput, rows: Uint32Array): Promise<number[]> {
  const suppliers = Array.from(rows.subarray(0, TIMED_ROWS), (row) => inputOfBatchRow(input, row));
  if (suppliers.length === 0) return [];
  const times: number[] = [];
  // The first measurement compiles the code, and is not counted.
  for (let i = 0; i <= MEASUREMENTS; i++) {
    const before = process.threadCpuUsage();
    let [rowCount, cpuMs] = [0, 0];
    while (cpuMs < MEASURED_MS && rowCount < MAX_TIMED_ROWS) {
      for (const supplier of suppliers) await scoreSupplier(model, supplier, "supplier");
      rowCount += suppliers.length;
      const { user, system } = process.threadCpuUsage(before);
      cpuMs = (user + system) / 1_000;
    }
    if (i > 0) times.push(cpuMs / rowCount);
  }
  return times;
}

/** Returns the rows at these positions. */
export function rowsAt({ numbers, categories, texts }: ColumnarInput, rows: Uint32Array): ColumnarInput {
  return {
    rows: rows.length,
    numbers: new Map(
      [...numbers].map(([name, column]) => [name, Float64Array.from(rows, (row) => column[row] ?? Number.NaN)]),
    ),
    categories: new Map(
      [...categories].map(([name, column]) => [name, Array.from(rows, (row) => column[row] ?? null)]),
    ),
    texts: texts === null ? null : Array.from(rows, (row) => texts[row] ?? ""),
  };
}
