import type { SourceMapping } from "@bellwether/config/source-mapping";
import type { MissingColumn } from "@bellwether/plausibility/check-renamed";
import { countText } from "@bellwether/reasons/count-text";
import { type CsvFile, openCsv, removeCopies } from "../csv/csv-file.ts";
import { csvReader } from "../csv/csv-reader.ts";
import { expectedForm } from "../duckdb/column-sql.ts";
import { duckdbErrorText } from "../duckdb/duckdb-error.ts";
import { sqlName } from "../duckdb/quote-sql.ts";
import { StatementStoppedError, type Workspace } from "../duckdb/workspace.ts";
import { comparedName } from "../files/compared-name.ts";
import type { FileReader } from "../files/file-reader.ts";
import { MissingColumnsError } from "../files/missing-columns.ts";
import { mappedPathValues } from "../files/path-values.ts";
import { scanFile } from "../files/scan-file.ts";
import type { SourceFile, SourceFiles } from "../files/source-files.ts";
import { IngestLimitError, SourceError } from "../ingest-errors.ts";
import { MAX_LINE_BYTES } from "../ingest-limits.ts";
import { parquetError } from "../parquet/parquet-column.ts";
import { parquetReader } from "../parquet/parquet-reader.ts";
import { MAX_SAMPLE_TEXT, type ReasonCount, type RejectedCollector, type RejectedSample } from "../rejected-rows.ts";
import { readHint } from "./read-hints.ts";
import { CUT_NOTE, centuryNotes, ignoredNotes } from "./reading-notes.ts";
import { describeMissing, type KnownColumns, withNewNames } from "./renamed-columns.ts";
import { tooManyRejected } from "./too-many-rejected-error.ts";
import { hasRules, LONG_CELL, MARK, ruledColumns, ruledMark, typedColumns, typedRows } from "./typed-rows.ts";

/** Counts of one raw file: `read` = `rows` + `rejected`. */
export interface SourceReport {
  readonly source: string;
  /** File name below the data folder. */
  readonly file: string;
  /**
   * Number of rows of the file: records that are neither blank nor the header. Each line of a broken record
   * counts as a row.
   */
  readonly read: number;
  /** Number of accepted rows. */
  readonly rows: number;
  /** Number of rows that were rejected while the file was read. */
  readonly rejected: number;
  /** SHA-256 of the file as stored, lower-case hex. */
  readonly digest: string;
  /** Columns of the file that the mapping does not read. */
  readonly unreadColumns: readonly string[];
  /** Number of values that a rule of the mapping made "not known", or that are NaN in Parquet, by column. */
  readonly ruledNull: Readonly<Record<string, number>>;
  /**
   * Number of rows whose supplier id contained invisible characters; 0 when ids are cleaned after the
   * mapping's SQL.
   */
  readonly cleanedIds: number;
  /** Values of columns of the mapping that the file's path has, by the column's name in a header. */
  readonly pathValues: Readonly<Record<string, string | null>>;
  /**
   * How the file was read where it differs from what its name and the mapping say, one sentence each: compression,
   * skipped lines, absent optional columns, files beside it that were ignored.
   */
  readonly notes: readonly string[];
}

/** A source that was read, with the locations of its rows. */
export interface LoadedSource {
  readonly reports: readonly SourceReport[];
  /** Optional columns that a file does not have although it has columns that the mapping does not read. */
  readonly missing: readonly MissingColumn[];
  /** File and line (row number for Parquet) of the rows with these places, which are `rowid`s of `rawTable`. */
  locate(
    places: readonly number[],
  ): Promise<ReadonlyMap<number, { readonly file: string; readonly line: number | null }>>;
}

/**
 * Returns the quoted SQL name of the table of a source's rows, valid and invalid, with their marks; `rowid`
 * follows the order of the files.
 */
export function rawTable(source: string): string {
  return sqlName(`raw ${source}`);
}

/**
 * Returns the quoted SQL name of the table of the CSV records of a source that DuckDB rejected: number of the
 * file, and number of rows read before the record.
 */
function brokenTable(source: string): string {
  return sqlName(`broken ${source}`);
}

/** SQL condition that is true for the accepted rows of `rawTable`. */
export const ACCEPTED = `${MARK.violation} is null`;

/**
 * Reads the files of a source; the mapping's SQL reads the accepted rows under the source's name. Each record
 * of a CSV file becomes a row or is counted in `rejected`: text instead of a number, too many or too few
 * values, broken quotes, NUL bytes, records over 2 MiB.
 * @param idColumn Text column of supplier ids, from which invisible characters are removed; null when it is not known.
 * @param known what is known about the columns, to find those that were renamed. Null: names alone are compared
 * @throws SourceError when a file cannot be read at all, has another encoding, lacks a column, or more than the
 * allowed share of its rows is rejected.
 */
export async function loadSource(
  workspace: Workspace,
  source: SourceMapping,
  { files, ignored }: SourceFiles,
  rejected: RejectedCollector,
  idColumn: string | null,
  known: KnownColumns | null = null,
): Promise<LoadedSource> {
  await workspace.run(`create table ${rawTable(source.name)} (${typedColumns(source)})`);
  await workspace.run(`create table ${brokenTable(source.name)} (file integer, rows_before bigint)`);
  const loaded: LoadedFile[] = [];
  const reports: SourceReport[] = [];
  const missing: MissingColumn[] = [];
  for (const [number, file] of files.entries()) {
    const task = { source, file, number, idColumn };
    const loading = source.format === "csv" ? loadCsv(workspace, task) : loadParquet(workspace, task);
    const one = await loading.catch(async (error: unknown) => {
      throw known !== null && error instanceof MissingColumnsError
        ? await withNewNames(workspace, error, known)
        : error;
    });
    loaded.push(one);
    if (known !== null) missing.push(...(await absentColumns(workspace, one, known)));
    const report = await reportFile(workspace, one, rejected);
    reports.push(number === 0 ? { ...report, notes: [...report.notes, ...ignoredNotes(ignored)] } : report);
    await removeCopies(workspace, source);
  }
  const names = source.columns.map((column) => sqlName(column.name)).join(", ");
  await workspace.run(
    `create view ${sqlName(source.name)} as select ${names} from ${rawTable(source.name)} where ${ACCEPTED}`,
  );
  workspace.tables.add(source.name);
  return { reports, missing, locate: (places) => locate(workspace, loaded, places) };
}

/** Returns the optional columns that a file does not have, with what its other columns look like. */
async function absentColumns(workspace: Workspace, { source, reader }: LoadedFile, known: KnownColumns) {
  const { absent, unread, from, header } = reader;
  if (absent.length === 0 || unread.length === 0) return [];
  const table = { from, header: header.map(comparedName) };
  const missing = source.columns.filter(
    ({ header: name, isOnlyForLabel }) => absent.includes(name) && isOnlyForLabel !== true,
  );
  return await describeMissing(workspace, source, { missing, unread, table }, known);
}

interface FileTask {
  readonly source: SourceMapping;
  readonly file: SourceFile;
  /** Index of the file among the files of its source. */
  readonly number: number;
  readonly idColumn: string | null;
}

/** A file that was loaded into its source's table, and the index of its first row there. */
interface LoadedFile extends FileTask {
  readonly reader: FileReader;
  readonly firstRow: number;
  readonly digest: string;
  /** The scanned CSV file; null for a Parquet file. */
  readonly csv: CsvFile | null;
  /** Whether it seems to be cut. */
  readonly isCut: boolean;
  readonly broken: BrokenRecords;
}

interface BrokenRecords {
  readonly reasons: readonly ReasonCount[];
  readonly samples: readonly RejectedSample[];
}

async function loadParquet(workspace: Workspace, task: FileTask): Promise<LoadedFile> {
  const { source, file } = task;
  const scan = await scanFile(source.name, file, workspace.limits.maxFileBytes, workspace.signal, {
    onStored: ({ length }) => workspace.reportMore({ bytesRead: length }),
  });
  const reader = await parquetReader(workspace, source, file, scan);
  checkRows(task, await workspace.number(`select count(*) from ${reader.from}`), workspace);
  const firstRow = await workspace.number(`select count(*) from ${rawTable(source.name)}`);
  await insertRows(workspace, task, reader);
  return {
    ...task,
    reader,
    firstRow,
    digest: scan.digest,
    csv: null,
    isCut: false,
    broken: { reasons: [], samples: [] },
  };
}

/**
 * Reads a CSV file directly. When DuckDB does not return or reject each of its records, reads a corrected
 * copy.
 */
async function loadCsv(workspace: Workspace, task: FileTask): Promise<LoadedFile> {
  const { source, file } = task;
  const csv = await openCsv(workspace, source, file, false);
  const first = await tryCsv(workspace, task, csv);
  if (first.loaded !== null) return first.loaded;
  const second = csv.isClean ? first : await tryCsv(workspace, task, await openCsv(workspace, source, file, true));
  if (second.loaded !== null) return second.loaded;
  throw new SourceError(source.name, file.name, `it cannot be read: ${second.problem}`);
}

/** Checks the number of rows of a file before they are read. @throws SourceError */
function checkRows({ source, file }: FileTask, rows: number, workspace: Workspace): void {
  const { maxRows } = workspace.limits;
  if (rows > maxRows)
    throw new SourceError(
      source.name,
      file.name,
      `it has ${countText(rows, "row")}, more than the ${maxRows} of INGEST_MAX_ROWS; set a higher limit, or split the file`,
    );
}

type CsvTry =
  | { readonly loaded: LoadedFile; readonly problem: null }
  | { readonly loaded: null; readonly problem: string };

async function tryCsv(workspace: Workspace, task: FileTask, csv: CsvFile): Promise<CsvTry> {
  const { source, file } = task;
  const reader = csvReader(source, file, csv, workspace.limits.maxColumns);
  checkRows(task, csv.records - 1, workspace);
  const firstRow = await workspace.number(`select count(*) from ${rawTable(source.name)}`);
  await workspace.run("begin transaction");
  try {
    await insertRows(workspace, task, reader);
    const rows = (await workspace.number(`select count(*) from ${rawTable(source.name)}`)) - firstRow;
    const rejects = await workspace.number("select count(distinct line) from reject_errors");
    if (rows + rejects !== csv.records - 1)
      throw new UnaccountedError(
        `its reader gave ${countText(rows, "row")} and rejected ${rejects} of ${countText(csv.records - 1, "record")}`,
      );
    const lastRejected = (): Promise<number> => workspace.number("select coalesce(max(line), 0) from reject_errors");
    const isCut = csv.endsOpen && (csv.leftOut.hasLast || (await lastRejected()) === csv.records);
    const partial = { ...task, reader, firstRow, digest: csv.digest, csv, isCut };
    const broken = await brokenRecords(workspace, partial);
    await workspace.run("commit");
    return { loaded: { ...partial, broken }, problem: null };
  } catch (error) {
    await workspace.connection.run("rollback");
    if (error instanceof UnaccountedError) return { loaded: null, problem: error.message };
    throw error;
  } finally {
    if (workspace.signal?.aborted !== true)
      for (const table of ["reject_errors", "reject_scans"]) await workspace.run(`drop table if exists ${table}`);
  }
}

/** DuckDB failed inside a file, or returned and rejected fewer or more records than the file has. */
class UnaccountedError extends Error {
  override readonly name = "UnaccountedError" as const;
}

/** Number of columns up to which a file is read with the usual memory and threads. */
const WIDE_COLUMNS = 200;

async function insertRows(workspace: Workspace, { source, file, idColumn }: FileTask, reader: FileReader) {
  if (reader.header.length > WIDE_COLUMNS) await workspace.prepareForWide();
  try {
    await workspace.run(
      `insert into ${rawTable(source.name)} ${typedRows(source, reader, idColumn, workspace.limits.maxCellBytes)}`,
    );
  } catch (error) {
    if (error instanceof StatementStoppedError) throw new SourceError(source.name, file.name, error.message);
    if (error instanceof IngestLimitError)
      throw new IngestLimitError(error.variable, `source "${source.name}", file "${file.name}": ${error.message}`);
    if (source.format === "csv") throw new UnaccountedError(duckdbErrorText(error), { cause: error });
    throw new SourceError(source.name, file.name, `it cannot be read: ${duckdbErrorText(error)}`);
  }
}

async function reportFile(
  workspace: Workspace,
  loaded: LoadedFile,
  rejected: RejectedCollector,
): Promise<SourceReport> {
  const { source, file, csv, broken } = loaded;
  const counts = await countRows(workspace, loaded);
  const violations = await typeViolations(workspace, loaded);
  const leftOut = leftOutRecords(loaded);
  const reasons = [...leftOut.reasons, ...broken.reasons, ...violations.reasons];
  const samples = [...leftOut.samples, ...broken.samples, ...violations.samples].sort(byLine);
  rejected.add(source.name, reasons, samples);
  const bad = reasons.reduce((sum, { rows }) => sum + rows, 0);
  const { maxRejectedShare } = workspace.limits;
  if (bad > (counts.accepted + bad) * maxRejectedShare)
    throw tooManyRejected(loaded, bad, counts.accepted, reasons, samples);
  const leftOutRows = leftOut.reasons.reduce((sum, { rows }) => sum + rows, 0);
  const read = csv === null ? counts.rows : csv.records - 1 + leftOutRows;
  if (read !== counts.accepted + bad)
    throw new SourceError(
      source.name,
      file.name,
      `${countText(read, "row was", "rows were")} read, ${counts.accepted} accepted and ${bad} rejected`,
    );
  workspace.reportMore({ rowsRead: read });
  return {
    source: source.name,
    file: file.name,
    read,
    rows: counts.accepted,
    rejected: bad,
    digest: loaded.digest,
    unreadColumns: loaded.reader.unread,
    ruledNull: counts.ruledNull,
    cleanedIds: counts.cleaned,
    pathValues: mappedPathValues(source, file.pathValues),
    notes: [...loaded.reader.notes, ...centuryNotes(source), ...(loaded.isCut ? [CUT_NOTE] : [])],
  };
}

function byLine(a: RejectedSample, b: RejectedSample): number {
  return (a.line ?? 0) - (b.line ?? 0);
}

function rowsOf({ source, firstRow }: LoadedFile): string {
  return `from ${rawTable(source.name)} where rowid >= ${firstRow}`;
}

async function countRows(workspace: Workspace, loaded: LoadedFile) {
  const columns = ruledColumns(loaded.source);
  const ruled = columns.map((column) => `count(*) filter (${ruledMark(column)})`);
  const [counts = []] = await workspace.rows(
    `select ${[`count(*)`, `count(*) filter (${ACCEPTED})`, `count(*) filter (${ACCEPTED} and ${MARK.cleaned})`, ...ruled].join(", ")}
     ${rowsOf(loaded)}`,
  );
  const [rows = 0, accepted = 0, cleaned = 0, ...ruledNull] = counts.map(Number);
  const entries = columns.map((column, i) => ({ column, count: ruledNull[i] ?? 0 }));
  const shown = entries.filter(({ column, count }) => count > 0 || hasRules(column));
  return {
    rows,
    accepted,
    cleaned,
    ruledNull: Object.fromEntries(shown.map(({ column, count }) => [column.name, count])),
  };
}

/** Returns the rows with a value that is not of its column's type. */
async function typeViolations(workspace: Workspace, loaded: LoadedFile): Promise<BrokenRecords> {
  const { source, firstRow, reader } = loaded;
  const about = (index: unknown) => {
    if (index === LONG_CELL)
      return {
        column: null,
        reason: `a value longer than the ${workspace.limits.maxCellBytes} bytes of INGEST_MAX_CELL_BYTES`,
      };
    const column = source.columns[Number(index)];
    if (!column) return { column: null, reason: "not readable" };
    const type = source.format === "csv" ? "VARCHAR" : (reader.raw.get(column.name)?.type ?? "");
    const reason = parquetError(column, type) ?? `not ${expectedForm(column, source.decimal)}`;
    return { column: column.header, reason };
  };
  const counted = await workspace.rows(
    `select ${MARK.violation}, count(*) ${rowsOf(loaded)} and not (${ACCEPTED}) group by all order by all`,
  );
  const reasons = counted.map(([index, rows]) => ({ stage: "reading" as const, ...about(index), rows: Number(rows) }));
  const rows = await workspace.rows(
    `select rowid - ${firstRow}, ${MARK.violation}, ${MARK.text}
     ${rowsOf(loaded)} and not (${ACCEPTED})
     order by row_number() over (partition by ${MARK.violation} order by rowid) > 1, rowid limit ${workspace.limits.maxSamples}`,
  );
  const lines = await linesInFile(
    workspace,
    loaded,
    rows.map(([place]) => Number(place)),
  );
  const samples: RejectedSample[] = [];
  for (const [place, index, given] of rows) {
    const text = String(given ?? "");
    const { column, reason } = about(index);
    const mapped = source.columns[Number(index)];
    const hint = mapped === undefined ? null : await readHint(workspace, mapped, source, text);
    const detail = hint === null ? reason : `${reason}; ${hint}`;
    samples.push(sample(loaded, { line: lines.get(Number(place)) ?? null, column, reason: detail, text }));
  }
  return { reasons, samples };
}

/**
 * Returns the line in a CSV file, or row number in a Parquet file, by the row's index in the file (0 for the
 * first).
 */
async function linesInFile(
  workspace: Workspace,
  { source, number, csv }: LoadedFile,
  places: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (csv === null || places.length === 0) return new Map(places.map((place) => [place, place + 1]));
  // A row's record number: its index, plus the header, plus the records before it that DuckDB rejected.
  const before = `select count(*) from ${brokenTable(source.name)} where file = ${number} and rows_before <= place`;
  const rows = await workspace.rows(
    `select place, place + 2 + (${before}) from (select unnest([${places.join(", ")}]::bigint[]) as place)`,
  );
  const lines = await csv.linesOf(rows.map(([, record]) => Number(record)));
  return new Map(
    rows.flatMap(([place, record]) => {
      const line = lines.get(Number(record));
      return line === undefined ? [] : [[Number(place), line] as const];
    }),
  );
}

async function locate(workspace: Workspace, files: readonly LoadedFile[], places: readonly number[]) {
  const found = new Map<number, { readonly file: string; readonly line: number | null }>();
  for (const [i, loaded] of files.entries()) {
    const end = files[i + 1]?.firstRow ?? Number.POSITIVE_INFINITY;
    const own = places.filter((place) => place >= loaded.firstRow && place < end);
    const lines = await linesInFile(
      workspace,
      loaded,
      own.map((place) => place - loaded.firstRow),
    );
    for (const place of own)
      found.set(place, { file: loaded.file.name, line: lines.get(place - loaded.firstRow) ?? null });
  }
  return found;
}

/** Returns the records that were left out of the copy that DuckDB reads. */
function leftOutRecords(loaded: LoadedFile): BrokenRecords {
  const { leftOut } = loaded.csv ?? {};
  if (!leftOut) return { reasons: [], samples: [] };
  const { header } = loaded.reader;
  const name = (column: number | null) => (column === null ? null : (header[column] ?? null));
  return {
    reasons: [...leftOut.reasons.values()].map(({ problem, column, rows }) => ({
      stage: "reading",
      column: name(column),
      reason: problem,
      rows,
    })),
    samples: leftOut.samples.map(({ line, column, detail, text }) =>
      sample(loaded, { line, column: name(column), reason: detail, text }),
    ),
  };
}

/** Returns the records that DuckDB rejected while it read the file. */
async function brokenRecords(workspace: Workspace, loaded: Omit<LoadedFile, "broken">): Promise<BrokenRecords> {
  const { header } = loaded.reader;
  // A record may have many errors; an open quote causes the others, so it comes first.
  const order = "order by error_type <> 'UNQUOTED VALUE', column_idx";
  const firsts = `select line, first(column_name ${order}) as name, first(error_type ${order}) as type,
    left(first(csv_line ${order}), ${MAX_SAMPLE_TEXT}) as text from reject_errors group by line`;
  const about = (name: unknown, type: unknown) => ({
    // column_name is from fileColumn. column_idx is not used: it starts at 0 or at 1, depending on the kind
    // of error.
    column: header[Number(String(name).slice(1))] ?? null,
    reason: brokenReason(String(type), header.length),
  });
  const counted = await workspace.rows(`select name, type, count(*) from (${firsts}) group by all order by all`);
  const reasons = counted.map(([name, type, rows]) => ({
    stage: "reading" as const,
    ...about(name, type),
    rows: Number(rows),
  }));
  const rows = await workspace.rows(
    `select line, name, type, text from (${firsts})
     order by row_number() over (partition by name, type order by line) > 1, line limit ${workspace.limits.maxSamples}`,
  );
  const lines = await loaded.csv?.linesOf(rows.map(([record]) => Number(record)));
  const samples = rows.map(([record, name, type, text]) =>
    sample(loaded, { line: lines?.get(Number(record)) ?? null, ...about(name, type), text: String(text ?? "") }),
  );
  await workspace.run(
    `insert into ${brokenTable(loaded.source.name)}
     select ${loaded.number}, line - row_number() over (order by line) - 1 from (select distinct line from reject_errors)`,
  );
  return { reasons, samples };
}

function brokenReason(type: string, columns: number): string {
  switch (type) {
    case "MISSING COLUMNS":
      return `fewer than ${columns} values`;
    case "TOO MANY COLUMNS":
      return `more than ${columns} values`;
    case "UNQUOTED VALUE":
      return "a quote that is not closed, or text after a closing quote";
    case "LINE SIZE OVER MAXIMUM":
      return `longer than ${MAX_LINE_BYTES} bytes`;
    default:
      return type.toLowerCase();
  }
}

function sample(
  { source, file }: Pick<LoadedFile, "source" | "file">,
  row: Pick<RejectedSample, "line" | "column" | "reason" | "text">,
): RejectedSample {
  return { source: source.name, file: file.name, ...row, text: row.text.slice(0, MAX_SAMPLE_TEXT) };
}
