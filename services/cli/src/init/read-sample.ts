import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { CsvRecordReader, recordValues } from "@bellwether/ingest/csv/csv-records";
import { readValueTable } from "@bellwether/ingest/tables/read-value-table";
import { UsageError } from "../errors/usage-error.ts";

/** The beginning of a table: at most `MAX_SAMPLE_ROWS` rows. */
export interface Sample {
  readonly format: "csv" | "parquet";
  readonly encoding: "utf-8" | "utf-16" | "windows-1252";
  readonly delimiter: string;
  /** Number of lines of the file before the header, besides a line such as `sep=;`. */
  readonly skipLines: number;
  readonly header: readonly string[];
  /** Cells as texts, each row with the length of the header; an empty text is a missing value. */
  readonly rows: readonly (readonly string[])[];
  /** Records that are not as long as the header, or broken. */
  readonly broken: number;
  /** Whether the sample is the whole file. */
  readonly isWhole: boolean;
}

export const MAX_SAMPLE_ROWS = 200_000;
const MAX_SAMPLE_BYTES = 128 * 2 ** 20;
const DELIMITERS = [",", ";", "\t", "|"] as const;
/** Number of lines by which the delimiter is chosen. */
const DELIMITER_LINES = 50;

/** Reads the beginning of a CSV file, also packed by gzip, or of a Parquet file. @throws UsageError */
export async function readSample(file: string): Promise<Sample> {
  const start = await startOf(file);
  if (start.subarray(0, 4).toString("latin1") === "PAR1") return await readParquet(file, start);
  const { bytes, isWhole } = await readBytes(file, start[0] === 0x1f && start[1] === 0x8b);
  const { text, encoding } = decode(bytes);
  const shown = JSON.stringify(text.slice(0, 80).split(/[\r\n]/, 1)[0]);
  if (/^\s*(?:@relation|<|[{[])/i.test(text))
    throw new UsageError(`${file} is not a CSV file (it begins with ${shown}); write the table as CSV with a header`);
  const { delimiter, records: all, broken } = parse(text, isWhole);
  const at = findHeader(all.map(({ values }) => values));
  const [header, ...rows] = all.slice(at).map(({ values }) => values);
  const isSeparator = at === 1 && /^\uFEFF?"?sep=/i.test(text);
  const skipLines = at === 0 || isSeparator ? 0 : (all[at]?.line ?? 1) - 1;
  if (header === undefined || rows.length === 0)
    throw new UsageError(`${file} has no rows; a header and rows below it are expected`);
  if (header.length < 2)
    throw new UsageError(`${file} has one column (${shown}); a CSV file with comma, semicolon, tab or | is expected`);
  const even = rows.filter((row) => row.length === header.length).slice(0, MAX_SAMPLE_ROWS);
  const uneven = rows.length - rows.filter((row) => row.length === header.length).length;
  if (even.length < rows.length / 2)
    throw new UsageError(
      `${file}: ${uneven} of ${rows.length} rows are not as long as the header (${shown}); a line with the column names is expected before the rows, as long as they are`,
    );
  return {
    ...{ format: "csv", encoding, delimiter, skipLines, header, rows: even, broken: broken + uneven },
    isWhole: isWhole && even.length + uneven === rows.length,
  };
}

async function startOf(file: string): Promise<Buffer> {
  try {
    await using opened = await open(file);
    const { buffer, bytesRead } = await opened.read(Buffer.alloc(64), 0, 64, 0);
    if (bytesRead === 0) throw new UsageError(`${file} is empty; a header and rows below it are expected`);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EISDIR")
      throw new UsageError(
        `${file} is a folder, and init reads one file. Name one of its files for a draft; a mapping reads the folder with \`file: FOLDER\` (docs/mapping.md, Files)`,
        { cause: error },
      );
    throw new UsageError(`${file} cannot be read (${code}); name a CSV or Parquet file`, { cause: error });
  }
}

async function readBytes(file: string, isPacked: boolean): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const stored = createReadStream(file);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of isPacked ? stored.pipe(createGunzip()) : stored) {
      parts.push(part);
      size += part.length;
      if (size >= MAX_SAMPLE_BYTES) return { bytes: Buffer.concat(parts), isWhole: false };
    }
  } catch (cause) {
    throw new UsageError(`${file} is damaged or incomplete gzip data; copy or export it again`, { cause });
  } finally {
    stored.destroy();
  }
  return { bytes: Buffer.concat(parts), isWhole: true };
}

function decode(bytes: Buffer): { text: string; encoding: Sample["encoding"] } {
  const wide =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  if (wide !== null) return { text: new TextDecoder(wide).decode(bytes), encoding: "utf-16" };
  // A sample may end within a character.
  const whole = bytes.subarray(0, Math.max(bytes.lastIndexOf(0x0a), 0) || bytes.length);
  const encoding = isUtf8(whole) ? "utf-8" : "windows-1252";
  return { text: new TextDecoder(encoding).decode(bytes), encoding };
}

interface SampleRecord {
  /** Line of the file, 1 for the first. */
  readonly line: number;
  readonly values: readonly string[];
}

function parse(text: string, isWhole: boolean) {
  const lines = text
    .slice(0, 1 << 20)
    .split(/\r\n|\n|\r/)
    .filter((line) => line !== "")
    .slice(0, DELIMITER_LINES);
  const delimiter = bestDelimiter(lines);
  const records: SampleRecord[] = [];
  let broken = 0;
  const reader = new CsvRecordReader({ delimiter, crEndsLines: !text.includes("\n") }, (record) => {
    if (record.problem !== null) broken++;
    else if (records.length <= MAX_SAMPLE_ROWS + 1)
      records.push({
        line: record.line,
        values: recordValues(record.bytes.toString("latin1"), delimiter).map(textOfLatin1),
      });
  });
  reader.add(Buffer.from(isWhole ? text : text.slice(0, text.lastIndexOf("\n") + 1)));
  reader.end();
  return { delimiter, records, broken };
}

/** Returns the text of UTF-8 bytes that are given as Latin-1, without blanks around it. */
const textOfLatin1 = (value: string): string =>
  (/[\x80-\xff]/.test(value) ? Buffer.from(value, "latin1").toString("utf8") : value).replace(/^[\s\uFEFF]+|\s+$/g, "");

/**
 * Returns the delimiter that splits most lines into as many values as the first line, or, when a title is above the
 * column names, into as many values as most other lines.
 */
function bestDelimiter(lines: readonly string[]): string {
  const scored = DELIMITERS.map((delimiter) => {
    const widths = lines.map((line) => countOutsideQuotes(line, delimiter));
    const [first = 0] = widths;
    const scoreOf = (wanted: number): number =>
      wanted === 0 ? 0 : widths.filter((width) => width === wanted).length * 1000 + wanted;
    return { delimiter, byFirst: scoreOf(first), byMost: scoreOf(mostFrequent(widths.filter((width) => width > 0))) };
  });
  const best = (key: "byFirst" | "byMost") => scored.reduce((best, one) => (one[key] > best[key] ? one : best));
  const first = best("byFirst");
  return first.byFirst >= (lines.length / 2) * 1000 ? first.delimiter : best("byMost").delimiter;
}

/** Returns the most frequent number; 0 when there are none. */
function mostFrequent(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0])[0];
}

/** Number of records in which the column names are looked for. */
const SEARCHED_RECORDS = 50;

/**
 * Returns the index of the record with the column names: the first one after the titles, which have another number of
 * values than most records, or at most half of them. 0 when the first record has the column names, or when no other record has them.
 */
function findHeader(records: readonly (readonly string[])[]): number {
  const searched = records.slice(0, SEARCHED_RECORDS);
  const width = mostFrequent(searched.map(({ length }) => length));
  const filled = (values: readonly string[]): number => values.filter((value) => value !== "").length;
  const isTitle = (values: readonly string[]): boolean =>
    (values.length !== width || filled(values) < width / 2 || (filled(values) === 1 && values[0] !== "")) &&
    filled(values) <= width / 2;
  const at = width < 2 ? 0 : searched.findIndex((values) => !isTitle(values));
  const names = searched[at] ?? [];
  const areNames =
    names.length === width && new Set(names).size === names.length && names.every((name) => !/^[\d.,%-]+$/.test(name));
  return at > 0 && areNames ? at : 0;
}

const countOutsideQuotes = (line: string, delimiter: string): number =>
  line.replace(/"(?:[^"]|"")*"/g, "").split(delimiter).length - 1;

async function readParquet(file: string, start: Buffer): Promise<Sample> {
  const { header, records } = await readValueTable(file, start);
  const rows = records.slice(0, MAX_SAMPLE_ROWS).map((row) => row.map((cell) => (cell === null ? "" : String(cell))));
  return {
    ...{ format: "parquet", encoding: "utf-8", delimiter: ",", skipLines: 0, header, rows, broken: 0 },
    isWhole: rows.length === records.length,
  };
}
