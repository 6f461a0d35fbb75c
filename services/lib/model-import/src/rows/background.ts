import type { ValueTable } from "@bellwether/risk-model/tables/value-table";
import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { readModelRows } from "./model-rows.ts";

/** The background rows cannot be used for this model; the message says what to change. */
export class BackgroundError extends Error {
  override readonly name = "BackgroundError" as const;
}

/** Rows of the kind the model will see. */
export interface Background {
  /** Row-major float32 `[count × columns]`, NaN = missing. */
  readonly rows: Float32Array;
  /** The same rows before they were rounded. */
  readonly exact: Float64Array;
  readonly count: number;
  /** Names of the model's columns after the table's header. */
  readonly names: readonly string[];
}

/** Rows kept; more would make the explanation's tables and the bundle larger, not better. */
export const MAX_BACKGROUND_ROWS = 1_000;

/**
 * Reads background rows, at most 1,000 spread over the table. Columns are found by name; when the model's names are made up, the
 * table may have exactly the model's columns in its order, and gives them its names.
 * @param round How the model's rows are rounded to float32.
 * @throws TableError columns are missing, or cells are no numbers.
 */
export function readBackground(
  table: ValueTable,
  columns: readonly BaseColumn[],
  hasNames: boolean,
  round: (value: number) => number,
): Background {
  const all = table.records;
  const count = Math.min(all.length, MAX_BACKGROUND_ROWS);
  const records = Array.from({ length: count }, (_, row) => all[Math.floor((row * all.length) / count)] ?? []);
  const { rows, names } = readModelRows({ ...table, records }, columns, hasNames, "none");
  return { rows: Float32Array.from(rows, round), exact: rows, count, names };
}
