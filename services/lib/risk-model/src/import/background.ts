import type { BaseColumn } from "../onnx/input-column.ts";
import { parseCsv } from "./parse-csv.ts";

/** The background rows cannot be used for this model; the message says what to change. */
export class BackgroundError extends Error {
  override readonly name = "BackgroundError" as const;
}

/** Rows of the kind the model will see. */
export interface Background {
  /** Row-major float32 `[count × columns]`, NaN = missing. */
  readonly rows: Float32Array;
  readonly count: number;
  /** Names of the model's columns after the table's header. */
  readonly names: readonly string[];
}

/** Rows kept; more would make the explanation's tables and the bundle larger, not better. */
export const MAX_BACKGROUND_ROWS = 1_000;

/** Cells that mean missing. */
const MISSING: ReadonlySet<string> = new Set(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"]);

/**
 * Reads background rows from a CSV file with a header. Columns are found by name; when the model's names are made up, the table
 * may have exactly the model's columns in its order, and gives them its names.
 * @throws BackgroundError columns are missing, cells are no numbers, or there are no rows.
 */
export function readBackground(bytes: Uint8Array, columns: readonly BaseColumn[], hasNames: boolean): Background {
  const [header = [], ...records] = parseCsv(bytes);
  if (records.length === 0) throw new BackgroundError("the background table has no rows");
  const names = columns.map((column) => column.name);
  const wanted = [...new Set(names)];
  const absent = wanted.filter((name) => !header.includes(name));
  const takesOrder = absent.length > 0 && !hasNames && header.length === columns.length;
  if (absent.length > 0 && !takesOrder) {
    throw new BackgroundError(
      `the background table lacks ${absent.length === 1 ? "the column" : "columns"} ${absent.slice(0, 8).join(", ")}; it has ${header.slice(0, 8).join(", ")}`,
    );
  }
  const places = takesOrder ? [...header.keys()] : names.map((name) => header.indexOf(name));
  const count = Math.min(records.length, MAX_BACKGROUND_ROWS);
  const rows = new Float32Array(count * columns.length);
  for (let row = 0; row < count; row++) {
    const line = Math.floor((row * records.length) / count);
    const cells = records[line] ?? [];
    for (const [c, column] of columns.entries()) {
      const cell = (cells[places[c] ?? -1] ?? "").trim();
      rows[row * columns.length + c] = readCell(
        cell,
        column,
        `row ${line + 2}, column ${header[places[c] ?? -1] ?? ""}`,
      );
    }
  }
  return { rows, count, names: takesOrder ? header : names };
}

function readCell(cell: string, column: BaseColumn, where: string): number {
  if (column.category !== null) return cell === column.category ? 1 : 0;
  if (MISSING.has(cell)) return Number.NaN;
  const value = Math.fround(Number(cell));
  if (Number.isFinite(value)) return value;
  throw new BackgroundError(`${where}: "${cell.slice(0, 40)}" is no number`);
}
