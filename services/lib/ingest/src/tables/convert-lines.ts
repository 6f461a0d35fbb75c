import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";

/** Names of the columns, with their types. */
export type LineColumns = Readonly<Record<string, "VARCHAR" | "BIGINT">>;

/** File formats, by the ending of the name. CSV keeps the difference between an empty text and no value. */
const COPY_OPTIONS = { ".parquet": "format parquet, compression zstd", ".csv": "format csv, header" } as const;
/** DuckDB allocates a multiple of this size. */
const MAX_LINE_BYTES = 1024 * 1024;
const MEMORY = "256MiB";

/** Writes lines of JSON as CSV or Parquet, depending on the ending of `target`, in their order. @throws RangeError for another ending */
export async function convertLines(lines: string, target: string, columns: LineColumns): Promise<void> {
  const options = Object.entries(COPY_OPTIONS).find(([ending]) => target.endsWith(ending))?.[1];
  if (options === undefined)
    throw new RangeError(`the name of a table ends in ${Object.keys(COPY_OPTIONS).join(" or ")}`);
  const types = Object.entries(columns).map(([name, type]) => `${sqlName(name)}: ${sqlText(type)}`);
  const names = Object.keys(columns).map(sqlName).join(", ");
  await withDuckDb((connection) =>
    connection.run(
      `copy (select ${names} from read_json(${sqlText(lines)}, format = 'newline_delimited', columns = {${types.join(", ")}},
        maximum_object_size = ${MAX_LINE_BYTES})) to ${sqlText(target)} (${options})`,
    ),
  );
}

/** Reads the rows of a CSV or Parquet file in their order, as objects with texts and nulls. */
export async function* readTableRows(
  file: string,
  columns: LineColumns,
): AsyncGenerator<Record<string, string | null>> {
  const names = Object.keys(columns);
  const from = file.endsWith(".parquet")
    ? `read_parquet(${sqlText(file)})`
    : `read_csv(${sqlText(file)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', auto_detect = false,
        columns = {${names.map((name) => `${sqlName(name)}: 'VARCHAR'`).join(", ")}}, allow_quoted_nulls = false, nullstr = '',
        max_line_size = ${MAX_LINE_BYTES})`;
  const instance = await openDuckDb();
  const connection = await instance.connect();
  try {
    const select = names.map((name) => `${sqlName(name)}::varchar`).join(", ");
    const result = await connection.stream(`select ${select} from ${from}`);
    for await (const rows of result.yieldRows())
      for (const row of rows)
        yield Object.fromEntries(names.map((name, i) => [name, row[i] === null ? null : String(row[i])]));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function withDuckDb(work: (connection: DuckDBConnection) => Promise<unknown>): Promise<void> {
  const instance = await openDuckDb();
  const connection = await instance.connect();
  try {
    await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** With one thread, rows keep their order. */
function openDuckDb(): Promise<DuckDBInstance> {
  return DuckDBInstance.create(":memory:", {
    ...{ threads: "1", memory_limit: MEMORY, preserve_insertion_order: "true" },
    ...{ autoinstall_known_extensions: "false", autoload_known_extensions: "false" },
  });
}
