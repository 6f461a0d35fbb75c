import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import type { BatchScores } from "./score-batch.ts";

/** Returns the same input with its numbers in memory that threads share, so that no chunk is copied again. */
export function sharedInput(input: ColumnarInput): ColumnarInput {
  if ([...input.numbers.values()].every(({ buffer }) => buffer instanceof SharedArrayBuffer)) return input;
  const numbers = new Map<string, Float32Array | Float64Array>();
  let end = 0;
  for (const column of input.numbers.values()) end = wholeWords(end) + column.byteLength;
  const memory = new SharedArrayBuffer(end);
  end = 0;
  for (const [name, column] of input.numbers) {
    const at = wholeWords(end);
    const shared =
      column instanceof Float32Array
        ? new Float32Array(memory, at, column.length)
        : new Float64Array(memory, at, column.length);
    shared.set(column);
    numbers.set(name, shared);
    end = at + column.byteLength;
  }
  return { ...input, numbers };
}

/** Rounds an offset up to a multiple of 8 bytes, because float64 values must be aligned. */
const wholeWords = (at: number): number => Math.ceil(at / 8) * 8;

/** Rows `[first, last)` of an input. Numbers are views, everything else is copied. */
export function inputRows(input: ColumnarInput, first: number, last: number): ColumnarInput {
  return {
    rows: last - first,
    numbers: new Map([...input.numbers].map(([name, column]) => [name, column.subarray(first, last)])),
    categories: new Map([...input.categories].map(([name, column]) => [name, column.slice(first, last)])),
    texts: input.texts?.slice(first, last) ?? null,
  };
}

/** Returns the approximate memory of an input, in bytes. */
export function inputBytes(input: ColumnarInput): number {
  let bytes = 8 * input.rows * input.categories.size;
  for (const column of input.numbers.values()) bytes += column.byteLength;
  for (const text of input.texts ?? []) bytes += text.length;
  return bytes;
}

/** Collects the scores of a batch from parts that arrive in any order. */
export interface ScoresInParts {
  /** Stores the scores of the rows from `first` on, and frees the memory of the part. */
  put(first: number, part: BatchScores): void;
  /** Returns all scores; call it only after every row was stored. */
  finish(): BatchScores;
}

/** Allocates memory for the scores of `rows` suppliers. */
export function scoresInParts(rows: number): ScoresInParts {
  const riskScores = new Float64Array(rows);
  const outputs = new Float64Array(rows);
  const bands = new Uint8Array(rows);
  const missingCounts = new Uint16Array(rows);
  const unknownCategories = new Map<string, number>();
  const violations: BatchScores["violations"][number][] = [];
  let contributions: Float32Array | null = null;
  let termWeights: Float32Array | null = null;
  const collect = (all: Float32Array | null, part: Float32Array | null, first: number, count: number) => {
    if (part === null) return all;
    const columns = part.length / count;
    const into = all ?? new Float32Array(rows * columns);
    into.set(part, first * columns);
    return into;
  };
  return {
    put(first, part) {
      riskScores.set(part.riskScores, first);
      outputs.set(part.outputs, first);
      bands.set(part.bands, first);
      missingCounts.set(part.missingCounts, first);
      for (const [name, count] of part.unknownCategories)
        unknownCategories.set(name, (unknownCategories.get(name) ?? 0) + count);
      for (const violation of part.violations) violations.push({ ...violation, row: first + violation.row });
      const count = part.riskScores.length;
      contributions = collect(contributions, part.contributions, first, count);
      termWeights = collect(termWeights, part.termWeights, first, count);
      freeArrays(part);
    },
    finish() {
      violations.sort((a, b) => a.row - b.row);
      return { riskScores, outputs, bands, contributions, termWeights, missingCounts, unknownCategories, violations };
    },
  };
}

/** Frees the numbers of a part at once: together they are as large as the answer, and V8 would collect them much later. */
function freeArrays({ riskScores, outputs, bands, missingCounts, contributions, termWeights }: BatchScores): void {
  for (const array of [riskScores, outputs, bands, missingCounts, contributions, termWeights])
    if (array?.buffer instanceof ArrayBuffer) array.buffer.transfer(0);
}
