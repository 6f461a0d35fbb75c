import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { type CsvRecord, CsvRecordReader, recordValues } from "@bellwether/ingest/csv/csv-records";
import { UsageError } from "../errors/usage-error.ts";
import { checkHeader } from "./master-data-columns.ts";

/** A row of a master data file. */
export interface CsvRow {
  /** Line of the file at which the row begins, from 1. */
  readonly line: number;
  /** Values by column. Undefined: the row cannot be read. */
  readonly values: ReadonlyMap<string, string> | undefined;
  /** Why the row cannot be read. Empty: it can. */
  readonly problem: string;
  /** The beginning of a row that cannot be read. */
  readonly text: string;
}

export interface CsvOptions {
  readonly delimiter: string;
  /** Returns the columns of a header. Default: `checkHeader` of master data. @throws UsageError */
  readonly readHeader?: typeof checkHeader;
}

/** Maximum size of a file, bytes: some ten million suppliers. */
export const MAX_FILE_BYTES = 2 ** 30;
const SHOWN_CHARACTERS = 80;

/**
 * Reads a file of master data, or of other rows with their own header, row by row, with at most one chunk of the file in memory.
 * @throws UsageError when the file cannot be read, is not CSV in UTF-8, or has an invalid header
 */
export async function* readMasterData(
  file: string,
  { delimiter, readHeader = checkHeader }: CsvOptions,
): AsyncGenerator<CsvRow> {
  await checkFile(file);
  let header: readonly string[] | undefined;
  let rows: CsvRow[] = [];
  const take = (record: CsvRecord): void => {
    if (header) {
      rows.push(rowOf(file, record, header, delimiter));
      return;
    }
    if (record.problem !== null) throw new UsageError(`${file}: the first line cannot be read: ${record.detail}`);
    header = readHeader(file, textsOf(file, record, delimiter), delimiter);
  };
  const reader = new CsvRecordReader({ delimiter, crEndsLines: false }, take);
  let isFirst = true;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 })) {
    if (!Buffer.isBuffer(chunk)) continue;
    if (isFirst) checkEncoding(file, chunk);
    isFirst = false;
    reader.add(chunk);
    yield* rows;
    rows = [];
  }
  reader.end();
  yield* rows;
  if (!header) throw new UsageError(`${file} is empty; the first line must have the names of the columns`);
}

async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${file} cannot be read: ${error.code === "ENOENT" ? "the file does not exist; correct its path" : error.code}`,
    );
  });
  if (!found.isFile()) throw new UsageError(`${file} is not a file`);
  if (found.size > MAX_FILE_BYTES)
    throw new UsageError(`${file} has more than ${MAX_FILE_BYTES / 2 ** 20} MiB; divide it into several files`);
}

function checkEncoding(file: string, start: Buffer): void {
  const [a, b] = start;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    throw new UsageError(`${file} is UTF-16; save it as CSV in UTF-8`);
  if (start.subarray(0, 4).toString("latin1") === "PK\x03\x04")
    throw new UsageError(`${file} is a workbook or an archive, not CSV; save it as CSV in UTF-8`);
}

function rowOf(file: string, record: CsvRecord, header: readonly string[], delimiter: string): CsvRow {
  const { line, problem, detail, bytes } = record;
  const unread = (reason: string): CsvRow => {
    const text = bytes.toString("utf8").slice(0, SHOWN_CHARACTERS);
    return { line, values: undefined, problem: reason, text };
  };
  if (problem !== null) return unread(detail);
  const texts = textsOf(file, record, delimiter);
  if (texts.length !== header.length)
    return unread(`has ${texts.length} cells, and the first line has ${header.length}`);
  return { line, values: new Map(header.map((name, i) => [name, texts[i] ?? ""])), problem: "", text: "" };
}

/** @throws UsageError for bytes that are not UTF-8 */
function textsOf(file: string, { line, bytes }: CsvRecord, delimiter: string): string[] {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return recordValues(bytes.toString("latin1"), delimiter).map((value) =>
      decoder.decode(Buffer.from(value, "latin1")),
    );
  } catch {
    throw new UsageError(`${file}: line ${line} has bytes that are not UTF-8; save the file as CSV in UTF-8`);
  }
}
