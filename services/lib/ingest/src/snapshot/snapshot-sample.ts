import { realpath } from "node:fs/promises";
import { copyNumbers, copyTexts } from "../duckdb/column-copy.ts";
import { sqlText } from "../duckdb/quote-sql.ts";
import { featureColumns, type OpenOptions, openSnapshot, shapeOf } from "./snapshot-chunks.ts";

/** Features of some suppliers of a snapshot, as columns. */
export interface SnapshotSample {
  /** Number of rows of the snapshot. */
  readonly snapshotRows: number;
  /** Row of the snapshot, from 0, of each supplier. Ascending. */
  readonly rowNumbers: Float64Array;
  readonly supplierIds: readonly string[];
  /** Numeric features by name; NaN = missing. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  /** Categorical features by name; null = missing. */
  readonly categories: ReadonlyMap<string, readonly (string | null)[]>;
}

/** Maximum number of values that a sample has in memory; with more features, it has fewer suppliers. */
const MAX_VALUES = 4_000_000;
/** Number of suppliers that a sample has with any number of features. */
const MIN_SUPPLIERS = 2_000;

/**
 * Reads the features of about `suppliers` suppliers, or of all when the snapshot has no more. A supplier is chosen by
 * the hash of its id, so that the samples of two weeks have the same suppliers. @throws Error when the file is not a
 * snapshot
 */
export async function readSample(
  parquet: string,
  suppliers: number,
  options: OpenOptions = {},
): Promise<SnapshotSample> {
  await using workspace = await openSnapshot(parquet, options);
  const path = await realpath(parquet);
  const shape = await shapeOf(workspace, path);
  const features = shape.numbers.length + shape.categories.length;
  const wanted = Math.min(suppliers, Math.max(MIN_SUPPLIERS, Math.floor(MAX_VALUES / Math.max(1, features))));
  const result = await workspace.stream(
    `select ${["file_row_number::double", ...featureColumns(shape), "supplier_id"].join(", ")}
     from read_parquet(${sqlText(path)}, file_row_number = true) ${chosen(wanted, shape.rows)}`,
  );
  const parts: { readonly numbers: Float64Array[]; readonly texts: (string | null)[][] }[] = [];
  for (;;) {
    options.signal?.throwIfAborted();
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const range = { from: 0, count: chunk.rowCount, at: 0 };
    const numbers = Array.from({ length: 1 + shape.numbers.length }, (_, i) => {
      const column = new Float64Array(chunk.rowCount);
      copyNumbers(chunk, i, column, range);
      return column;
    });
    const texts = Array.from({ length: shape.categories.length + 1 }, (_, i) => {
      const column: (string | null)[] = [];
      copyTexts(chunk, numbers.length + i, column, range);
      return column;
    });
    parts.push({ numbers, texts });
  }
  const rows = parts.reduce((sum, { numbers }) => sum + (numbers[0]?.length ?? 0), 0);
  const numberColumn = (i: number): Float64Array => {
    const column = new Float64Array(rows);
    let at = 0;
    for (const { numbers } of parts) {
      column.set(numbers[i] ?? [], at);
      at += numbers[i]?.length ?? 0;
    }
    return column;
  };
  const textColumn = (i: number): (string | null)[] => parts.flatMap(({ texts }) => texts[i] ?? []);
  return {
    snapshotRows: shape.rows,
    rowNumbers: numberColumn(0),
    supplierIds: textColumn(shape.categories.length).map((id) => id ?? ""),
    numbers: new Map(shape.numbers.map((name, i) => [name, numberColumn(1 + i)])),
    categories: new Map(shape.categories.map((name, i) => [name, textColumn(i)])),
  };
}

/** Returns the condition that chooses about `wanted` of `rows` suppliers: the smallest hashes (64 bits of MD5). */
function chosen(wanted: number, rows: number): string {
  if (rows <= wanted) return "";
  const limit = (2n ** 64n * BigInt(wanted)) / BigInt(rows);
  return `where md5_number_lower(supplier_id) < ${limit}::ubigint`;
}
