import { access, constants } from "node:fs/promises";
import { ExportFormError } from "@bellwether/contract/audit/export-records";
import { EXPORT_TYPES, readLines } from "./export-file.ts";

/**
 * Reads the rows of an export in the format of its ending. @throws ExportFormError for a file that cannot be read to its end, for example
 * because it was cut
 */
export async function* readExport(file: string): AsyncGenerator<unknown> {
  const format = /\.(csv|parquet)$/.exec(file)?.[1];
  if (format === undefined) return yield* readLines(file);
  await access(file, constants.R_OK);
  // DuckDB is loaded only for the formats that need it.
  const { readTableRows } = await import("@bellwether/ingest/tables/convert-lines");
  try {
    yield* readTableRows(file, EXPORT_TYPES);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (text.startsWith("Out of Memory")) throw cause;
    const line = /^Invalid Input Error: CSV Error on Line: (\d+)/.exec(text)?.[1];
    throw new ExportFormError(
      line === undefined
        ? `the file is not whole: it was cut off, or it is not a ${NAMES[format]} export; export it again`
        : `line ${line} of the file is not whole: the file was cut off in it, or it is not a CSV export; export it again`,
      { cause },
    );
  }
}

const NAMES: Readonly<Record<string, string>> = { csv: "CSV", parquet: "Parquet" };
