import { realpath } from "node:fs/promises";
import { DEFAULT_CHUNK_ROWS } from "@bellwether/contract/chunk-rows";
import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { copyNumbers, copyTexts } from "../duckdb/column-copy.ts";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import { Workspace } from "../duckdb/workspace.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import type { SnapshotDatabase } from "./snapshot-database.ts";

/**
 * Attributes of suppliers that are stored together with their features, one entry per row; null = not known.
 */
export interface ChunkAttributes {
  readonly displayName: readonly (string | null)[];
  readonly region: readonly (string | null)[];
  readonly category: readonly (string | null)[];
  /** Exposure: money per year that is lost if the supplier fails, at least 0; NaN = not known. */
  readonly exposure: Float64Array;
  readonly owner: readonly (string | null)[];
}

/** Consecutive rows of a weekly snapshot, as columns. */
export interface SnapshotChunk {
  /** Number of the chunk; its first row is row `index × rows requested` of the snapshot. */
  readonly index: number;
  readonly rows: number;
  readonly supplierIds: readonly string[];
  /** As-of date of each row, in days since 1970-01-01; null when the snapshot has no dates. */
  readonly asOfDays: Int32Array | null;
  /** Numeric features by name; NaN = missing. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
  /** Contract text of each row, empty = no contract; null when the model has no text. */
  readonly texts: readonly string[] | null;
  readonly attributes: ChunkAttributes;
}

/** The features of consecutive rows, without the texts. */
export type FeatureChunk = Pick<SnapshotChunk, "rows" | "numbers" | "categories">;

/** Content of a snapshot. */
export interface SnapshotShape {
  readonly rows: number;
  /** Names of numeric features, in the snapshot's order. */
  readonly numbers: readonly string[];
  readonly categories: readonly string[];
  readonly text: string | null;
  readonly hasAsOf: boolean;
}

/**
 * Reads the columns and size of a snapshot that `snapshotWeekly` wrote. @throws Error when the file is not a
 * snapshot.
 */
export async function snapshotShape(parquet: string): Promise<SnapshotShape> {
  await using workspace = await openSnapshot(parquet);
  return await shapeOf(workspace, await realpath(parquet));
}

/** The rows to read: chunks of `rows` (default 4,096) from chunk `from` (default 0) on. */
export interface ReadOptions {
  readonly from?: number;
  readonly rows?: number;
  readonly signal?: AbortSignal;
  /** The database that reads them. Default: one that is opened for it. */
  readonly database?: SnapshotDatabase;
}

/**
 * Reads the rows of a snapshot in its order, `rows` at a time (the last chunk may have fewer), from chunk
 * `from` on, so that an interrupted run can continue where it stopped. Chunk boundaries do not depend on the
 * layout of the file.
 */
export function readChunks(parquet: string, options: ReadOptions = {}): AsyncGenerator<SnapshotChunk, void, void> {
  return readRows(parquet, options, snapshotColumns, nextChunk);
}

/**
 * Reads only the features, in the same chunks as `readChunks`: a text costs more to read than all numbers of
 * its row.
 */
export function readFeatures(parquet: string, options: ReadOptions = {}): AsyncGenerator<FeatureChunk, void, void> {
  return readRows(parquet, options, featureColumns, nextFeatures);
}

async function* readRows<Chunk>(
  parquet: string,
  { from = 0, rows = DEFAULT_CHUNK_ROWS, signal, database }: ReadOptions,
  columnsOf: (shape: SnapshotShape) => readonly string[],
  next: (source: RowSource, shape: SnapshotShape, index: number, rows: number) => Promise<Chunk>,
): AsyncGenerator<Chunk, void, void> {
  await using workspace = await openSnapshot(parquet, { signal, database });
  const path = await realpath(parquet);
  const shape = await shapeOf(workspace, path);
  const result = await workspace.stream(
    `select ${columnsOf(shape).join(", ")}
     from read_parquet(${sqlText(path)}, file_row_number = true) where file_row_number >= ${from * rows}`,
  );
  const source = new RowSource(result);
  const total = Math.max(0, shape.rows - from * rows);
  for (let done = 0, index = from; done < total; index++) {
    signal?.throwIfAborted();
    const count = Math.min(rows, total - done);
    yield await next(source, shape, index, count);
    done += count;
  }
}

/** Reads a fixed number of rows from a result, whatever the sizes of DuckDB's chunks. */
class RowSource {
  readonly #result: DuckDBResult;
  #chunk: DuckDBDataChunk | null = null;
  #used = 0;

  constructor(result: DuckDBResult) {
    this.#result = result;
  }

  /** Calls `copy` with parts that have `rows` rows in total. */
  async take(
    rows: number,
    copy: (
      chunk: DuckDBDataChunk,
      part: { readonly from: number; readonly count: number; readonly at: number },
    ) => void,
  ): Promise<void> {
    for (let at = 0; at < rows; ) {
      if (this.#chunk === null || this.#used === this.#chunk.rowCount) {
        this.#chunk = await this.#result.fetchChunk();
        this.#used = 0;
        if (this.#chunk === null || this.#chunk.rowCount === 0)
          throw new Error("the snapshot ends before its last row");
      }
      const count = Math.min(rows - at, this.#chunk.rowCount - this.#used);
      copy(this.#chunk, { from: this.#used, count, at });
      this.#used += count;
      at += count;
    }
  }
}

async function nextFeatures(source: RowSource, shape: SnapshotShape, _: number, rows: number): Promise<FeatureChunk> {
  const numbers = new Map(shape.numbers.map((name) => [name, new Float64Array(rows)]));
  const categories = new Map(shape.categories.map((name): [string, (string | null)[]] => [name, []]));
  await source.take(rows, (chunk, part) => {
    for (const [i, target] of [...numbers.values()].entries()) copyNumbers(chunk, i, target, part);
    for (const [i, target] of [...categories.values()].entries()) copyTexts(chunk, numbers.size + i, target, part);
  });
  return { rows, numbers, categories };
}

async function nextChunk(source: RowSource, shape: SnapshotShape, index: number, rows: number): Promise<SnapshotChunk> {
  const numbers = new Map(shape.numbers.map((name) => [name, new Float64Array(rows)]));
  const categories = new Map(shape.categories.map((name): [string, (string | null)[]] => [name, []]));
  const exposure = new Float64Array(rows);
  const asOfDays = new Int32Array(rows);
  const [ids, texts, displayName, region, category, owner] = Array.from({ length: 6 }, (): (string | null)[] => []) as [
    (string | null)[],
    (string | null)[],
    (string | null)[],
    (string | null)[],
    (string | null)[],
    (string | null)[],
  ];
  const numberTargets = [...numbers.values(), exposure, asOfDays];
  const textTargets = [ids, texts, displayName, region, category, owner, ...categories.values()];
  await source.take(rows, (chunk, part) => {
    for (const [i, target] of numberTargets.entries()) copyNumbers(chunk, i, target, part);
    for (const [i, target] of textTargets.entries()) copyTexts(chunk, numberTargets.length + i, target, part);
  });
  return {
    index,
    rows,
    supplierIds: ids.map((id) => id ?? ""),
    asOfDays: shape.hasAsOf ? asOfDays : null,
    numbers,
    categories,
    texts: shape.text === null ? null : texts.map((text) => text ?? ""),
    attributes: { displayName, region, category, exposure, owner },
  };
}

const numberSql = (column: string): string => `coalesce(${sqlName(column)}, 'nan'::double)`;

/** Returns the SQL of the columns in the order in which `nextFeatures` reads them. */
export function featureColumns(shape: SnapshotShape): string[] {
  return [
    ...shape.numbers.map((name) => numberSql(`number.${name}`)),
    ...shape.categories.map((name) => sqlName(`category.${name}`)),
  ];
}

/** Returns the SQL of the columns in the order in which `nextChunk` reads them. */
function snapshotColumns(shape: SnapshotShape): string[] {
  return [
    ...shape.numbers.map((name) => numberSql(`number.${name}`)),
    numberSql("attribute.exposure"),
    "coalesce(as_of - date '1970-01-01', 0)::integer",
    "supplier_id",
    shape.text === null ? "''" : sqlName(`text.${shape.text}`),
    ...["display_name", "region", "category", "owner"].map((name) => sqlName(`attribute.${name}`)),
    ...shape.categories.map((name) => sqlName(`category.${name}`)),
  ];
}

/** Options of reading one snapshot. */
export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  readonly database?: SnapshotDatabase | undefined;
}

/** Connects to a database, or opens one that can read only this snapshot. */
export async function openSnapshot(parquet: string, { signal, database }: OpenOptions = {}): Promise<Workspace> {
  if (database) return await database.connect(signal);
  // One thread and little memory are enough: reading costs a twentieth of scoring the rows.
  const limits = { ...DEFAULT_LIMITS, memoryMb: 256, threads: 1 };
  const workspace = await Workspace.open({ limits, signal, hasFolder: false });
  await workspace.lock({ files: [await realpath(parquet)] });
  return workspace;
}

/** Reads the columns and size of a snapshot. @throws Error when the file is none */
export async function shapeOf(workspace: Workspace, path: string): Promise<SnapshotShape> {
  const columns = (await workspace.rows(`describe select * from read_parquet(${sqlText(path)})`)).map(([name]) =>
    String(name),
  );
  const named = (kind: string) => columns.filter((c) => c.startsWith(`${kind}.`)).map((c) => c.slice(kind.length + 1));
  if (!columns.includes("supplier_id") || !columns.includes("as_of") || !columns.includes("attribute.exposure"))
    throw new Error(`${path} is not a snapshot of a weekly run`);
  const [counts = []] = await workspace.rows(`select count(*), count(as_of) from read_parquet(${sqlText(path)})`);
  const [rows = 0, dated = 0] = counts.map(Number);
  return {
    rows,
    numbers: named("number"),
    categories: named("category"),
    text: named("text")[0] ?? null,
    hasAsOf: dated > 0,
  };
}
