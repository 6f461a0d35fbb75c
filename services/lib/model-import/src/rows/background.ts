import type { ValueTable } from "@bellwether/risk-model/tables/value-table";
import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { readModelRows } from "./model-rows.ts";

/** The background rows cannot be used for this model. The message states what to change. */
export class BackgroundError extends Error {
  override readonly name = "BackgroundError" as const;
}

/** Rows like those that the model will score. */
export interface Background {
  /** Row-major float32 `[count × columns]`, NaN = missing. */
  readonly rows: Float32Array;
  /** The same rows as doubles, before they were rounded. */
  readonly exact: Float64Array;
  readonly count: number;
  /** Names of the model's columns, with those of the table where the model's are generated. */
  readonly names: readonly string[];
}

/**
 * Maximum number of rows that are kept. More rows would enlarge the tables of the explanation and the bundle
 * without a benefit.
 */
export const MAX_BACKGROUND_ROWS = 1_000;

/**
 * Reads background rows, at most 1,000, spread over the table. Columns are found by name. When the model's
 * names are generated, the table may instead have exactly the model's columns in the model's order; the
 * columns then take the names of the table.
 * @param round Rounds a number to the float32 of the model's rows.
 * @throws TableError when columns are missing or cells are not numbers.
 */
export function readBackground(
  table: ValueTable,
  columns: readonly BaseColumn[],
  hasNames: boolean,
  round: (value: number) => number,
): Background {
  const all = table.records;
  const count = Math.min(all.length, MAX_BACKGROUND_ROWS);
  const records = Array.from({ length: count }, (_, row) => all[Math.floor((row * all.length) / count)]);
  const { rows, names } = readModelRows({ ...table, records }, columns, hasNames, "none");
  return { rows: Float32Array.from(rows, round), exact: rows, count, names };
}
