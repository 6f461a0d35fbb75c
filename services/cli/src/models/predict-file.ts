import path from "node:path";
import { bandFromNumber } from "@bellwether/contract/band-codes";
import { DEFAULT_CHUNK_ROWS } from "@bellwether/contract/chunk-rows";
import { MAX_SUPPLIER_ID_BYTES } from "@bellwether/contract/limits";
import { cleanId } from "@bellwether/contract/supplier-id";
import { readValueTable } from "@bellwether/ingest/tables/read-value-table";
import { TABLE_ENDINGS, type TableColumn, writeTable } from "@bellwether/ingest/tables/write-table";
import type { FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { predictedNumber } from "@bellwether/risk-model/calibrate/calibration";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { TableError } from "@bellwether/risk-model/tables/table-error";
import {
  type Cell,
  isMissing,
  numberOfCell,
  separatorHint,
  type ValueTable,
} from "@bellwether/risk-model/tables/value-table";
import { scoreBatch } from "@bellwether/scoring/batch/score-batch";
import type { ScoringModel } from "@bellwether/scoring/model/scoring-model";
import { UsageError } from "../errors/usage-error.ts";
import { readTableFile } from "../input/read-table-file.ts";
import { showProgress } from "../output/report.ts";

/** Counts and remarks of one scored file. */
export interface FileScores {
  readonly output: string;
  readonly rows: number;
  readonly scored: number;
  /** Rows with too few known features for a score. */
  readonly tooFew: number;
  /** Number of rejected rows; the column `error` has the reason of each. */
  readonly rejected: number;
  /** Rows whose supplier_id had invisible characters or surrounding white space, which were removed. */
  readonly cleanedIds: number;
  /** Number of rows that repeat the supplier_id of an earlier row. Each has its own score. */
  readonly repeatedIds: number;
  /** Row number, supplier id and reason of the first rejected row. */
  readonly firstError: string | null;
  /** Number of values per feature that are categories the model does not know. */
  readonly unknownCategories: Readonly<Record<string, number>>;
  /** Features without a column in the file. They are scored as missing. */
  readonly missingColumns: readonly string[];
  /** Columns that the model does not use. */
  readonly ignoredColumns: readonly string[];
  /** Whether the model is a regressor: its numbers are in the column prediction, and risk_score is empty. */
  readonly isRegressor: boolean;
}

/** Says which file is expected: people give the raw file of a mapping, which only a weekly run maps. */
const EXPECTED_COLUMNS =
  "the file has supplier_id and the features of the model as columns; weekly run and weekly check read the raw files of a mapping";

/** Whether `--input` is a file of many suppliers, by its ending. */
export const isTableFile = (input: string): boolean => /\.(csv|parquet|jsonl|ndjson)$/i.test(input);

/**
 * Scores each row of a table. Writes supplier_id, risk_score, band, missing_features, error, model_version,
 * margin (the output before calibration) and prediction (the number of a regressor), in the order of the rows. A row that cannot be scored has an error and no score; the other
 * rows are scored.
 * @throws UsageError when the table cannot be read, has no supplier_id, or has none of the model's features
 */
export async function predictFile(model: ScoringModel, input: string, output: string): Promise<FileScores> {
  if (!TABLE_ENDINGS.some((ending) => output.endsWith(ending)))
    throw new UsageError(`--output: ${path.basename(output)} must end in ${TABLE_ENDINGS.join(" or ")}`);
  const table = await readTable(input);
  const { bundle } = model;
  const at = new Map(table.header.map((name, column) => [name, column]));
  const idAt = at.get("supplier_id");
  if (idAt === undefined)
    throw new UsageError(
      `--input: ${path.basename(input)} has no column supplier_id${separatorHint(table.header)}; ${EXPECTED_COLUMNS}`,
    );
  const known = [...bundle.features.map(({ name }) => name), ...(bundle.text === null ? [] : [bundle.text.feature])];
  if (!bundle.features.some(({ name }) => at.has(name)))
    throw new UsageError(
      `--input: ${path.basename(input)} has none of the model's features: ${known.slice(0, 20).join(", ")}; ${EXPECTED_COLUMNS}`,
    );

  const rows = table.records.length;
  const given = table.records.map((record) => record[idAt] ?? null);
  const ids = given.map((cell) => cleanId(String(cell ?? "")));
  const scores = new Float64Array(rows).fill(Number.NaN);
  const margins = new Float64Array(rows).fill(Number.NaN);
  const bands: (string | null)[] = Array.from({ length: rows }, () => null);
  const missing = new Float64Array(rows);
  const unknown = new Map<string, number>();
  const errors = ids.map((id, row) => idError(id, given[row] ?? null));
  for (let from = 0; from < rows; from += DEFAULT_CHUNK_ROWS) {
    const until = Math.min(rows, from + DEFAULT_CHUNK_ROWS);
    const { input: chunk, errors: cellErrors } = columnsOf(bundle, at, table, from, until);
    const scored = await scoreBatch(model, chunk, false);
    for (const [name, count] of scored.unknownCategories) unknown.set(name, (unknown.get(name) ?? 0) + count);
    for (const [row, message] of cellErrors) errors[from + row] ??= message;
    for (const { row, message } of scored.violations) errors[from + row] ??= message;
    for (let row = from; row < until; row++) {
      missing[row] = scored.missingCounts[row - from] as number;
      if (errors[row] !== null) continue;
      scores[row] = scored.riskScores[row - from] as number;
      margins[row] = scored.outputs[row - from] as number;
      bands[row] = bandFromNumber(scored.bands[row - from] as number) ?? null;
    }
    showProgress("scoring", until, rows);
  }
  const columns: TableColumn[] = [
    { name: "supplier_id", type: "text", values: ids },
    { name: "risk_score", type: "number", values: scores },
    { name: "band", type: "text", values: bands },
    { name: "missing_features", type: "whole", values: missing },
    { name: "error", type: "text", values: errors },
    { name: "model_version", type: "text", values: Array.from({ length: rows }, () => model.identity.version) },
    { name: "margin", type: "number", values: margins },
    {
      name: "prediction",
      type: "number",
      values: margins.map((margin) => predictedNumber(bundle, margin) ?? Number.NaN),
    },
  ];
  await writeTable(output, columns);
  const rejected = errors.filter((error) => error !== null).length;
  const scored = margins.reduce((count, margin) => count + (Number.isNaN(margin) ? 0 : 1), 0);
  return {
    output,
    rows,
    scored,
    tooFew: rows - scored - rejected,
    rejected,
    cleanedIds: ids.filter((id, row) => id !== String(given[row] ?? "")).length,
    repeatedIds: countRepeated(ids),
    firstError: firstError(ids, errors, table.firstRow),
    unknownCategories: Object.fromEntries(unknown),
    missingColumns: known.filter((name) => !at.has(name)),
    ignoredColumns: table.header.filter((name) => name !== "supplier_id" && !known.includes(name)),
    isRegressor: bundle.outputSpace === "raw",
  };
}

/** Reads the file of `--input`. @throws UsageError */
export async function readTable(input: string): Promise<ValueTable> {
  try {
    return await readValueTable(input, await readTableFile(input));
  } catch (error) {
    throw error instanceof TableError ? new UsageError(`--input: ${error.message}; ${EXPECTED_COLUMNS}`) : error;
  }
}

/** Counts the rows that repeat the id of an earlier row. Empty ids are not counted. */
function countRepeated(ids: readonly string[]): number {
  const named = ids.filter((id) => id !== "");
  return named.length - new Set(named).size;
}

/** Returns what is wrong with a supplier id; null: nothing. */
export function idError(id: string, given: Cell): string | null {
  if (id === "") return "supplier_id is empty";
  if (typeof given === "number" && !Number.isSafeInteger(given))
    return "supplier_id is a number that is not whole within 2^53, so its digits may be rounded: write it as text";
  if (id.includes("\0")) return "supplier_id contains a NUL character";
  return Buffer.byteLength(id) > MAX_SUPPLIER_ID_BYTES
    ? `supplier_id is longer than ${MAX_SUPPLIER_ID_BYTES} bytes`
    : null;
}

/**
 * Rows `[from, until)` as columns of the model. A cell of a numeric feature that is not a number is an error
 * of its row.
 */
export function columnsOf(
  bundle: FeatureBundle,
  at: ReadonlyMap<string, number>,
  { records }: ValueTable,
  from: number,
  until: number,
): { input: ColumnarInput; errors: ReadonlyMap<number, string> } {
  const errors = new Map<number, string>();
  const chunk = records.slice(from, until);
  const numbers = new Map<string, Float64Array>();
  const categories = new Map<string, (string | null)[]>();
  for (const { name, kind, codes } of bundle.features) {
    const column = at.get(name);
    if (column === undefined) continue;
    const labels = new Set(codes?.labels);
    // A category such as "NA" is a text, although another cell "NA" is missing.
    const isLabel = (cell: Cell) => typeof cell === "string" && labels.has(cell);
    const cells = chunk.map((record) => record[column] ?? null);
    const texts = () => cells.map((cell) => (isMissing(cell) && !isLabel(cell) ? null : String(cell)));
    if (kind === "category") {
      categories.set(name, texts());
      continue;
    }
    const values = Float64Array.from(cells, (cell) =>
      isMissing(cell) || isLabel(cell) ? Number.NaN : numberOfCell(cell),
    );
    const isText = (row: number) =>
      Number.isNaN(values[row]) && (!isMissing(cells[row] ?? null) || isLabel(cells[row] ?? null));
    if (codes?.labels)
      categories.set(
        name,
        texts().map((text, row) => (isText(row) ? text : null)),
      );
    else
      for (const row of values.keys())
        if (isText(row) && !errors.has(row))
          errors.set(row, `${name} is "${String(cells[row]).slice(0, 80)}", which is not a number`);
    numbers.set(name, values);
  }
  const textAt = bundle.text === null ? undefined : at.get(bundle.text.feature);
  const texts = textAt === undefined ? null : chunk.map((record) => String(record[textAt] ?? ""));
  return { input: { rows: chunk.length, numbers, categories, texts }, errors };
}

function firstError(ids: readonly string[], errors: readonly (string | null)[], firstRow: number): string | null {
  const row = errors.findIndex((error) => error !== null);
  return row < 0 ? null : `row ${row + firstRow} (${(ids[row] ?? "").slice(0, 80)}): ${errors[row]}`;
}
