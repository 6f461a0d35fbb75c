import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SourceMapping } from "@bellwether/config/source-mapping";
import { literalPath } from "../duckdb/literal-path.ts";
import type { Workspace } from "../duckdb/workspace.ts";
import type { Compression } from "../files/file-kind.ts";
import { HEAD_BYTES } from "../files/scan-file.ts";
import type { SourceFile } from "../files/source-files.ts";
import { SourceError } from "../ingest-errors.ts";
import { MAX_LINE_BYTES, STOP_LINE_BYTES } from "../ingest-limits.ts";
import { MAX_SAMPLE_TEXT } from "../rejected-rows.ts";
import { type CsvForm, type CsvRecord, CsvRecordReader, recordValues } from "./csv-records.ts";
import { CsvScan } from "./csv-scan.ts";
import { readUtf8, scanUtf8 } from "./read-utf8.ts";

/** A record that was left out of the copy that DuckDB reads. */
export interface LeftOutRecord {
  readonly line: number;
  /** Index of the invalid value; null when the whole record is invalid. */
  readonly column: number | null;
  readonly detail: string;
  readonly text: string;
}

/** Records that were left out, grouped by problem. */
export interface LeftOut {
  /**
   * Key: problem and index of the invalid value. A record counts as one row for each of its lines that is not
   * blank.
   */
  readonly reasons: ReadonlyMap<string, { readonly problem: string; readonly column: number | null; rows: number }>;
  readonly samples: readonly LeftOutRecord[];
  /** Whether the last record of the file is one of them. */
  readonly hasLast: boolean;
}

/** A CSV file in the form that DuckDB needs: UTF-8, the same line end everywhere, every quote closed. */
export interface CsvFile {
  /** SHA-256 of the file as stored, lower-case hex. */
  readonly digest: string;
  /** The original file, or a copy in the workspace's folder. */
  readonly path: string;
  /** Compression of the file at `path`. */
  readonly compression: Compression;
  /** Number of lines before the line with the column names. */
  readonly skippedLines: number;
  /** The lines that skip_lines skipped. */
  readonly skippedText: string;
  /** How the file is read where it differs from what its name and the mapping say, one sentence each. */
  readonly notes: readonly string[];
  /** First bytes of the file without the skipped lines, UTF-8, at most HEAD_BYTES. */
  readonly head: Buffer;
  /** Like `head`, of the original file. */
  readonly start: Buffer;
  /** True when `head` is the whole file. */
  readonly isWhole: boolean;
  /** Number of records, the header included. */
  readonly records: number;
  /** True for a copy without the unreadable records. */
  readonly isClean: boolean;
  readonly leftOut: LeftOut;
  /** Whether the last line of the file has no line end. */
  readonly endsOpen: boolean;
  /** Returns the lines of the original file at which the records with these numbers begin (1: the header). */
  linesOf(numbers: readonly number[]): Promise<ReadonlyMap<number, number>>;
}

const NOTHING: LeftOut = { reasons: new Map(), samples: [], hasLast: false };

/**
 * Scans a CSV file once. When it has another encoding than UTF-8, or DuckDB would not read each of its
 * records correctly, writes a copy into the workspace's folder. With `mustCopy` it always writes a copy.
 * @throws SourceError when the file has bytes outside its source's encoding, is over the size limit or is damaged gzip.
 */
export async function openCsv(
  workspace: Workspace,
  source: SourceMapping,
  file: SourceFile,
  mustCopy: boolean,
): Promise<CsvFile> {
  const { signal, limits } = workspace;
  const scan = new CsvScan(source.delimiter);
  const isUtf8 = source.encoding === undefined;
  const decoded = join(workspace.folder, `${source.name}.decoded.csv`);
  const head = new HeadKeeper();
  await using copy = new LazyFile(decoded);
  const { digest, compression, leading } = await scanUtf8(
    source,
    file,
    (bytes, skippedLines) => {
      scan.add(bytes);
      checkOpenLine(scan, source, file);
      head.add(bytes);
      if (!isUtf8 || skippedLines > 0) return copy.write(bytes);
    },
    limits.maxFileBytes,
    signal,
    ({ length }) => workspace.reportMore({ bytesRead: length }),
  );
  const shape = scan.end();
  const skippedLines = leading.lines;
  const checksWidth = shape.irregular !== null || mustCopy;
  const form = { delimiter: source.delimiter, crEndsLines: shape.crEndsLines, skippedLines, checksWidth };
  const linesOf = async (numbers: readonly number[]) =>
    shape.oneLineEach && shape.irregular === null
      ? new Map(numbers.map((number) => [number, number + skippedLines]))
      : await findLines(source, file, form, numbers, signal);
  const notes = [...compressionNotes(file.name, compression), ...leadingNotes(leading)];
  const { endsOpen } = shape;
  const about = {
    digest,
    skippedLines,
    skippedText: leading.text,
    notes,
    linesOf,
    endsOpen,
    start: head.result().head,
  };
  if (shape.irregular === null && !mustCopy) {
    const read = copy.isOpen
      ? { path: decoded, compression: "none" as const }
      : { path: await literalPath(workspace, file.path), compression };
    return { ...about, ...read, ...head.result(), records: shape.records, isClean: false, leftOut: NOTHING };
  }
  await rm(decoded, { force: true });
  const path = join(workspace.folder, `${source.name}.clean.csv`);
  return {
    ...about,
    path,
    compression: "none",
    ...(await writeClean(source, file, form, path, workspace)),
    isClean: true,
  };
}

function compressionNotes(name: string, compression: Compression): string[] {
  const named = name.endsWith(".gz") ? "gzip" : /\.zstd?$/.test(name) ? "zstd" : "none";
  if (named === compression) return [];
  return [compression === "none" ? "it is not compressed, although its name says so" : `it was read as ${compression}`];
}

function leadingNotes({ lines, isSeparator }: { readonly lines: number; readonly isSeparator: boolean }): string[] {
  if (isSeparator) return ["its first line names the delimiter (sep=) and was skipped"];
  return lines === 0 ? [] : [`${lines} lines before the column names were skipped (skip_lines)`];
}

/** Ends the reading of a file whose line has no end, before its rest is decompressed. @throws SourceError */
function checkOpenLine(scan: CsvScan, source: SourceMapping, file: SourceFile): void {
  if (scan.isFirstLine && scan.openLineBytes > HEAD_BYTES)
    throw new SourceError(source.name, file.name, `its first line does not end within ${HEAD_BYTES} bytes`);
  if (scan.openLineBytes > STOP_LINE_BYTES)
    throw new SourceError(
      source.name,
      file.name,
      `one of its lines does not end within ${STOP_LINE_BYTES} bytes; at most ${MAX_LINE_BYTES} are read`,
    );
}

/** Removes the copies that `openCsv` made for a source. */
export async function removeCopies(workspace: Workspace, source: SourceMapping): Promise<void> {
  for (const kind of ["decoded", "clean"])
    await rm(join(workspace.folder, `${source.name}.${kind}.csv`), { force: true });
}

class HeadKeeper {
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  add(bytes: Buffer): void {
    if (this.#bytes < HEAD_BYTES) this.#parts.push(Buffer.from(bytes.subarray(0, HEAD_BYTES - this.#bytes)));
    this.#bytes += bytes.length;
  }

  result(): { readonly head: Buffer; readonly isWhole: boolean } {
    return { head: Buffer.concat(this.#parts), isWhole: this.#bytes <= HEAD_BYTES };
  }
}

/** Number of bytes that are buffered before they are written. */
const WRITE_BYTES = 1 << 20;

/** A file that is created when the first bytes are written. */
class LazyFile {
  readonly #path: string;
  #file: FileHandle | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#file ??= await open(this.#path, "w", 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
    } catch (error) {
      // An error of the system while writing to an open file, such as ENOSPC, does not say where.
      throw error instanceof Error ? Object.assign(error, { path: dirname(this.#path) }) : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}

async function writeClean(
  source: SourceMapping,
  file: SourceFile,
  form: CsvForm,
  path: string,
  { signal, limits }: Workspace,
) {
  const reasons = new Map<string, { problem: string; column: number | null; rows: number }>();
  const samples: LeftOutRecord[] = [];
  const lineEnd = Buffer.from("\n");
  const head = new HeadKeeper();
  let records = 0;
  let hasLast = false;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const reader = new CsvRecordReader(form, (record) => {
    if (record.problem !== null && records === 0)
      throw new SourceError(source.name, file.name, `its header cannot be read: line ${record.line}, ${record.detail}`);
    hasLast = record.problem !== null;
    if (record.problem !== null) return leaveOut(record, reasons, samples, limits.maxSamples);
    records++;
    const bytes = record.isPlain ? record.bytes : plainRecord(record.bytes, form.delimiter);
    pending.push(bytes, lineEnd);
    pendingBytes += bytes.length + 1;
  });
  await using copy = new LazyFile(path);
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(pending);
    head.add(bytes);
    [pending, pendingBytes] = [[], 0];
    await copy.write(bytes);
  };
  await readUtf8(
    source,
    file,
    (bytes) => {
      reader.add(bytes);
      if (pendingBytes >= WRITE_BYTES) return flush();
    },
    signal,
  );
  reader.end();
  await flush();
  return { ...head.result(), records, leftOut: { reasons, samples, hasLast } };
}

function leaveOut(
  { problem, column, line, lines, detail, bytes }: CsvRecord,
  reasons: Map<string, { problem: string; column: number | null; rows: number }>,
  samples: LeftOutRecord[],
  maxSamples: number,
): void {
  const key = `${column} ${problem}`;
  const isFirst = !reasons.has(key);
  const reason = reasons.get(key) ?? { problem: problem ?? "", column, rows: 0 };
  reason.rows += lines;
  reasons.set(key, reason);
  if (isFirst || samples.length < maxSamples)
    samples.push({ line, column, detail, text: bytes.toString("utf8").slice(0, MAX_SAMPLE_TEXT) });
}

/** Rewrites a record so that every CSV reader reads the same values. */
function plainRecord(bytes: Buffer, delimiter: string): Buffer {
  const values = recordValues(bytes.toString("latin1"), delimiter).map((value) =>
    /["\r\n]/.test(value) || value.includes(delimiter) ? `"${value.replaceAll('"', '""')}"` : value,
  );
  // An empty line would not count as a record.
  return Buffer.from(values.join(delimiter) || '""', "latin1");
}

/** Thrown to stop reading when everything that was searched for has been found. */
class FoundAll extends Error {}

async function findLines(
  source: SourceMapping,
  file: SourceFile,
  form: CsvForm,
  numbers: readonly number[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const wanted = new Set(numbers);
  const lines = new Map<number, number>();
  const reader = new CsvRecordReader(form, ({ number, line, problem }) => {
    if (problem === null && wanted.delete(number)) lines.set(number, line);
  });
  const add = (bytes: Buffer): void => {
    reader.add(bytes);
    if (wanted.size === 0) throw new FoundAll();
  };
  try {
    if (wanted.size > 0) {
      await readUtf8(source, file, add, signal);
      reader.end();
    }
  } catch (error) {
    if (!(error instanceof FoundAll)) throw error;
  }
  return lines;
}
