import { TableError } from "@bellwether/risk-model/tables/table-error";
import {
  type Cell,
  isMissing,
  numberOfCell,
  separatorHint,
  type ValueTable,
} from "@bellwether/risk-model/tables/value-table";
import type { BaseColumn } from "@bellwether/tree-model/onnx/ensemble/input-column";
import { codesByNumber, codesByText } from "@bellwether/tree-model/trees/category-codes";

/** Rows of a table as the columns of a model. */
export interface ModelRows {
  /** Row-major doubles `[count × columns]`, NaN = missing. */
  readonly rows: Float64Array;
  readonly count: number;
  /** Names of the model's columns, with those of the table where the columns were found by order. */
  readonly names: readonly string[];
  /** Columns of the table that are not columns of the model, without those that only number the rows. */
  readonly others: readonly number[];
  /** Names of the columns that are not read because they only number the rows: an index that pandas wrote. */
  readonly skipped: readonly string[];
}

/**
 * Finds a model's columns in a table in one of three ways: by name; by order, when the model's names are
 * generated and the table has exactly its columns (and `extra` columns after them); or in the list `features`
 * of JSON lines.
 * @param extra Whether columns found by order must be followed by more columns ("some") or by none ("none").
 * @throws TableError when columns are missing, or cells are neither numbers nor known categories.
 */
export function readModelRows(
  table: ValueTable,
  columns: readonly BaseColumn[],
  hasNames: boolean,
  extra: "none" | "some",
): ModelRows {
  const { header, records } = table;
  const places = findColumns(table, columns, hasNames, extra);
  const codes = columns.map(codesOf);
  const count = records.length;
  const rows = new Float64Array(count * columns.length);
  for (const [r, record] of records.entries()) {
    for (const [c, column] of columns.entries()) {
      const place = places[c];
      const where = `row ${r + table.firstRow}, column ${header[place].slice(0, 80)}`;
      rows[r * columns.length + c] = readCell(record[place], column, codes[c], where);
    }
  }
  const used = new Set(places);
  const byOrder = columns.some((column, c) => header[places[c]] !== column.name);
  const isList = places.every((place) => /^(features|row|x)\[\d+\]$/.test(header[place]));
  const names = columns.map((column, c) => (byOrder && !isList ? header[places[c]] : column.name));
  const unused = [...header.keys()].filter((place) => !used.has(place));
  const skipped = unused.filter((place) => isIndex(header[place], place)).map((place) => header[place]);
  return { rows, count, names, others: unused.filter((place) => !isIndex(header[place], place)), skipped };
}

/**
 * Whether a column is the index of a pandas data frame. In Parquet its name shows it; in CSV it is the first
 * column, without a name.
 */
function isIndex(name: string, place: number): boolean {
  return /^__index_level_\d+__$/.test(name) || (place === 0 && (name === "" || name === "Unnamed: 0"));
}

function findColumns(
  { header }: ValueTable,
  columns: readonly BaseColumn[],
  hasNames: boolean,
  extra: "none" | "some",
): number[] {
  const wanted = columns.map((column) => column.name);
  const absent = [...new Set(wanted)].filter((name) => !header.includes(name));
  if (absent.length === 0) return wanted.map((name) => header.indexOf(name));
  for (const list of ["features", "row", "x"]) {
    if (header.includes(`${list}[0]`)) {
      const places = columns.map((_, c) => header.indexOf(`${list}[${c}]`));
      if (!places.includes(-1) && !header.includes(`${list}[${columns.length}]`)) return places;
    }
  }
  const fits = (places: readonly number[]) =>
    extra === "none" ? places.length === columns.length : places.length > columns.length;
  const all = [...header.keys()];
  const places = [all.filter((place) => !isIndex(header[place], place)), all].find(fits);
  if (!hasNames && places !== undefined) return places.slice(0, columns.length);
  const shown = (names: readonly string[]): string => names.slice(0, 8).join(", ").slice(0, 400);
  throw new TableError(
    `the table lacks ${absent.length === 1 ? "the column" : "columns"} ${shown(absent)}; it has ${shown(header)}${separatorHint(header)}`,
  );
}

interface ColumnCodes {
  readonly byText: ReadonlyMap<string, number>;
  readonly byNumber: ReadonlyMap<number, number>;
}

const codesOf = ({ codes }: BaseColumn): ColumnCodes => ({
  byText: codesByText(codes),
  byNumber: codesByNumber(codes),
});

function readCell(cell: Cell, column: BaseColumn, { byText, byNumber }: ColumnCodes, where: string): number {
  if (column.category !== null) return String(cell ?? "").trim() === column.category ? 1 : 0;
  const { codes } = column;
  const code = typeof cell === "string" ? (byText.get(cell) ?? byText.get(cell.trim())) : undefined;
  if (code !== undefined) return code;
  if (isMissing(cell)) return codes?.other ?? Number.NaN;
  const value = numberOfCell(cell);
  if (Number.isFinite(value) && Math.abs(value) <= 3.4028234663852886e38) return byNumber.get(value) ?? value;
  if (codes?.other != null) return codes.other;
  const shown = `${where}: "${String(cell).slice(0, 40)}"`;
  if (codes?.labels == null) throw new TableError(`${shown} is not a number`);
  const known = codes.labels.slice(0, 8).join(", ").slice(0, 200);
  const more = codes.labels.length > 8 ? `, … (${codes.labels.length})` : "";
  throw new TableError(`${shown} is not a category of the model, which knows ${known}${more}`);
}
