import { repeatsName } from "@bellwether/contract/repeated-names";
import { parseCsv } from "./parse-csv.ts";
import { TableError, tooManyColumns } from "./table-error.ts";
import { tableText } from "./table-text.ts";

/** A cell: a number, a text (as every cell of a CSV file), or null for an empty one. */
export type Cell = string | number | null;

/** Rows that a person provides: the background of explanations, or a trainer's own outputs. */
export interface ValueTable {
  readonly header: readonly string[];
  /** Each record has the length of the header. */
  readonly records: readonly (readonly Cell[])[];
  /** Row number of the first record in errors: 2 in a CSV file, whose header is row 1, else 1. */
  readonly firstRow: number;
}

const MAX_RECORDS = 1_000_000;
/** Maximum number of columns of a table, as of a weekly file. */
export const MAX_TABLE_COLUMNS = 2_000;

/** Texts that mean missing. */
const MISSING: ReadonlySet<string> = new Set(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"]);

/**
 * Reads a table from CSV with a header, or from JSON lines: one object per line, with values by column name.
 * A list in an object (`"features": [1, 2]`) becomes columns named `features[0]`, `features[1]`, …; the
 * members of an object in an object become columns with their own names.
 * @param isJsonLines Default: whether the text begins as an object of JSON.
 * @throws TableError for lines of different length, no rows, more than 2,000 columns, a repeated name, invalid JSON, and bytes that are
 * not UTF-8.
 */
export function parseTable(bytes: Uint8Array, isJsonLines?: boolean): ValueTable {
  const text = tableText(bytes);
  const table = (isJsonLines ?? text.trimStart().startsWith("{")) ? fromJsonLines(text) : fromCsv(text);
  if (table.records.length === 0) throw new TableError("the table has no rows");
  if (table.records.length > MAX_RECORDS) throw new TableError(`the table has more than ${MAX_RECORDS} rows`);
  const seen = new Set<string>();
  const twice = table.header.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw new TableError(`the table has two columns "${twice.slice(0, 80)}"`);
  return table;
}

function fromCsv(text: string): ValueTable {
  const [header = [], ...records] = parseCsv(text, MAX_TABLE_COLUMNS);
  const wrong = records.findIndex((record) => record.length !== header.length);
  if (wrong >= 0) {
    const counts = `row ${wrong + 2} has ${records[wrong]?.length} cells where the header has ${header.length}`;
    throw new TableError(`${counts}${separatorHint(header)}`);
  }
  return { header: header.map((name) => name.trim()), records, firstRow: 2 };
}

/** Returns a hint that a header is separated by something else than commas, or "" when it is not. */
export function separatorHint(header: readonly string[]): string {
  const [only = ""] = header;
  const found = header.length === 1 ? [";", "\t", "|"].find((separator) => only.includes(separator)) : undefined;
  if (found === undefined) return "";
  return `; its header has ${found === "\t" ? "tabs" : `"${found}"`} between the names: write the file with commas (and points in numbers)`;
}

function fromJsonLines(text: string): ValueTable {
  const names = new Set<string>();
  const objects: ReadonlyMap<string, Cell>[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const object = flatObject(line, at + 1);
    for (const name of object.keys()) names.add(name);
    if (names.size > MAX_TABLE_COLUMNS) throw tooManyColumns(`the objects up to line ${at + 1}`, MAX_TABLE_COLUMNS);
    objects.push(object);
  }
  const header = [...names];
  return { header, records: objects.map((object) => header.map((name) => object.get(name) ?? null)), firstRow: 1 };
}

function flatObject(line: string, number: number): Map<string, Cell> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new TableError(`line ${number} is not a JSON object`);
  }
  if (repeatsName(line, parsed)) throw new TableError(`line ${number} has a name twice`);
  const cells = new Map<string, Cell>();
  const add = (name: string, value: unknown): void => {
    if (Array.isArray(value)) for (const [at, item] of value.entries()) add(`${name}[${at}]`, item);
    else if (cells.has(name)) throw new TableError(`line ${number} has two values for "${name.slice(0, 80)}"`);
    else if (typeof value === "string" || typeof value === "number" || value === null) cells.set(name, value);
    else if (typeof value === "boolean") cells.set(name, value ? 1 : 0);
    else throw new TableError(`line ${number}: ${name.slice(0, 80)} is not a number, text or list`);
    if (cells.size > MAX_TABLE_COLUMNS) throw tooManyColumns(`line ${number}`, MAX_TABLE_COLUMNS);
  };
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new TableError(`line ${number} is not a JSON object`);
  }
  // Values are read one by one, so that too many keys end it early.
  for (const name of Object.keys(parsed)) {
    const value: unknown = Reflect.get(parsed, name);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [inner, item] of Object.entries(value)) add(inner, item);
    } else add(name, value);
  }
  return cells;
}

/** Whether a cell means a missing value. */
export function isMissing(cell: Cell): boolean {
  return cell === null || (typeof cell === "string" ? MISSING.has(cell.trim()) : Number.isNaN(cell));
}

/** Returns the number in a cell as a double, or NaN when it is not a number. */
export function numberOfCell(cell: Cell): number {
  if (typeof cell === "number") return cell;
  const text = cell?.trim() ?? "";
  return text === "" ? Number.NaN : Number(text);
}
