import type { DuckDBDataChunk } from "@duckdb/node-api";

/** Typed arrays that numbers are copied into: double, integer and utinyint columns of DuckDB. */
export type NumberColumn = Float64Array | Int32Array | Uint8Array;

/**
 * Copies `count` numbers of a chunk's column, from row `from`, into `target` at `at`. The column has no nulls and the
 * type of the target. The whole array is copied at once: ten times as fast as value by value.
 */
export function copyNumbers(
  chunk: DuckDBDataChunk,
  column: number,
  target: NumberColumn,
  { from, count, at }: { readonly from: number; readonly count: number; readonly at: number },
): void {
  const vector = chunk.getColumnVector(column);
  // The vector keeps its array private; without it, or with another type, the slow way gives the same.
  const items: unknown = Reflect.get(vector, "items");
  if (items instanceof target.constructor && ArrayBuffer.isView(items) && !(items instanceof DataView)) {
    target.set((items as NumberColumn).subarray(from, from + count), at);
    return;
  }
  for (let i = 0; i < count; i++) target[at + i] = Number(vector.getItem(from + i) ?? Number.NaN);
}

/** Appends `count` texts of a chunk's column, from row `from`, to `target`; null stays null. */
export function copyTexts(
  chunk: DuckDBDataChunk,
  column: number,
  target: (string | null)[],
  { from, count }: { readonly from: number; readonly count: number },
): void {
  const vector = chunk.getColumnVector(column);
  for (let i = 0; i < count; i++) {
    const value: unknown = vector.getItem(from + i);
    target.push(typeof value === "string" ? value : null);
  }
}
