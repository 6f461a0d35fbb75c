import type { SourceMapping } from "@bellwether/config/source-mapping";
import { expectedForm } from "./column-sql.ts";
import { duckdbProblem } from "./duckdb-problem.ts";
import { type FileReader, fileReader } from "./file-reader.ts";
import { SourceError } from "./ingest-errors.ts";
import { MAX_LINE_BYTES } from "./ingest-limits.ts";
import { sqlName } from "./quote-sql.ts";
import { MAX_SAMPLE_TEXT, type RejectedCollector, type RejectedSample } from "./rejected-rows.ts";
import { scanFile } from "./scan-file.ts";
import type { SourceFile } from "./source-files.ts";
import { MARK, ruledColumns, ruledMark, typedColumns, typedRows } from "./typed-rows.ts";
import { StatementStoppedError, type Workspace } from "./workspace.ts";

/** What was read of one raw file. */
export interface SourceReport {
  readonly source: string;
  /** File name below the data folder. */
  readonly file: string;
  /** Rows accepted. */
  readonly rows: number;
  /** Lines of a CSV file that are neither blank nor header: rows, `linesInsideRows` and what is set aside; 0 for Parquet. */
  readonly lines: number;
  /** Lines that line ends within quoted values add to rows. */
  readonly linesInsideRows: number;
  /** SHA-256 of the file as stored, lower-case hex. */
  readonly digest: string;
  /** Columns of the file that the mapping does not read. */
  readonly unreadColumns: readonly string[];
  /** Column → values that a rule of the mapping made "not known". */
  readonly ruledNull: Readonly<Record<string, number>>;
}

/** Table of a source's rows, good and bad, with their marks; `rowid` is the order of the files. */
export function rawTable(source: string): string {
  return sqlName(`raw ${source}`);
}

/** Table of the broken records of a source's CSV files: number of the file, rows read before the record. */
function brokenTable(source: string): string {
  return sqlName(`broken ${source}`);
}

/**
 * SQL of the record number in file number `file` of the row at `place` (0 for the first): its place, the header, and
 * the broken records before it.
 */
export function recordNumber(source: string, file: number, place: string): string {
  const before = `select count(*) from ${brokenTable(source)} where file = ${file} and rows_before <= ${place}`;
  return `(${place} + 2 + (${before}))`;
}

/** Condition that a row of `rawTable` is good. */
export const ACCEPTED = `${MARK.fault} is null`;

/**
 * Reads the files of a source; the mapping's SQL sees the good rows under the source's name. Each line of a CSV file
 * becomes part of a row or is counted in `rejected`: text where a number belongs, too many or too few values, broken
 * quotes, bytes that are not UTF-8, lines over 2 MiB.
 * @throws SourceError when a file cannot be read at all, lacks a column, or loses more than the allowed share of lines.
 */
export async function loadSource(
  workspace: Workspace,
  source: SourceMapping,
  files: readonly SourceFile[],
  rejected: RejectedCollector,
): Promise<SourceReport[]> {
  await workspace.run(`create table ${rawTable(source.name)} (${typedColumns(source)})`);
  await workspace.run(`create table ${brokenTable(source.name)} (file integer, rows_before bigint)`);
  const reports: SourceReport[] = [];
  for (const [i, file] of files.entries()) reports.push(await loadFile(workspace, source, file, i, rejected));
  const names = source.columns.map((column) => sqlName(column.name)).join(", ");
  await workspace.run(
    `create view ${sqlName(source.name)} as select ${names} from ${rawTable(source.name)} where ${ACCEPTED}`,
  );
  return reports;
}

async function loadFile(
  workspace: Workspace,
  source: SourceMapping,
  file: SourceFile,
  number: number,
  rejected: RejectedCollector,
): Promise<SourceReport> {
  const scan = await scanFile(source.name, file, workspace.limits.maxFileBytes, workspace.signal);
  const reader = await fileReader(workspace, source, file, scan);
  const firstRow = await workspace.number(`select count(*) from ${rawTable(source.name)}`);
  try {
    await workspace.run(`insert into ${rawTable(source.name)} ${typedRows(source, reader)}`);
  } catch (error) {
    const problem =
      error instanceof StatementStoppedError ? error.message : `it cannot be read: ${duckdbProblem(error)}`;
    throw new SourceError(source.name, file.name, problem);
  }
  const loaded = { source, file, number, reader, firstRow };
  const counts = await countRows(workspace, loaded);
  const broken = source.format === "csv" ? await brokenRecords(workspace, loaded) : { count: 0, samples: [] };
  const atFault = await typeFaults(workspace, loaded);
  const lost = reader.dataLines - counts.accepted - counts.atFault - counts.extraLines - broken.count;
  const swallowed = source.format === "csv" && lost > 0 ? swallowedLines(loaded, lost) : { count: 0, samples: [] };

  const bad = counts.atFault + broken.count + swallowed.count;
  const samples = [...broken.samples, ...swallowed.samples, ...atFault];
  rejected.add(source.name, bad, samples);
  const { maxRows, maxRejectedShare } = workspace.limits;
  if (counts.accepted > maxRows)
    throw new SourceError(source.name, file.name, `it has ${counts.accepted} rows, at most ${maxRows} are read`);
  if (bad > (counts.accepted + bad) * maxRejectedShare) throw tooManyRejected(loaded, bad, counts.accepted, samples[0]);
  return {
    source: source.name,
    file: file.name,
    rows: counts.accepted,
    lines: reader.dataLines,
    linesInsideRows: counts.extraLines,
    digest: scan.digest,
    unreadColumns: reader.unread,
    ruledNull: counts.ruledNull,
  };
}

/** A file in its source's table, and the first row it has there. */
interface LoadedFile {
  readonly source: SourceMapping;
  readonly file: SourceFile;
  /** Its number among the source's files. */
  readonly number: number;
  readonly reader: FileReader;
  readonly firstRow: number;
}

function rowsOf({ source, firstRow }: LoadedFile): string {
  return `from ${rawTable(source.name)} where rowid >= ${firstRow}`;
}

async function countRows(workspace: Workspace, loaded: LoadedFile) {
  const columns = ruledColumns(loaded.source);
  const ruled = columns.map((column) => `count(*) filter (${ruledMark(column)})`);
  const [counts = []] = await workspace.rows(
    `select ${[`count(*)`, `count(*) filter (${ACCEPTED})`, `coalesce(sum(${MARK.extraLines}), 0)`, ...ruled].join(", ")}
     ${rowsOf(loaded)}`,
  );
  const [rows = 0, accepted = 0, extraLines = 0, ...ruledNull] = counts.map(Number);
  return {
    accepted,
    atFault: rows - accepted,
    extraLines,
    ruledNull: Object.fromEntries(columns.map((column, i) => [column.name, ruledNull[i] ?? 0])),
  };
}

/** Samples of rows with a value that is not of its column's type. */
async function typeFaults(workspace: Workspace, loaded: LoadedFile): Promise<RejectedSample[]> {
  const { source, number, firstRow } = loaded;
  const rows = await workspace.rows(
    `select ${recordNumber(source.name, number, "place")}, fault, text from (
       select rowid - ${firstRow} as place, ${MARK.fault} as fault, ${MARK.text} as text
       ${rowsOf(loaded)} and not (${ACCEPTED}) order by rowid limit ${workspace.limits.maxSamples}
     ) order by place`,
  );
  return rows.map(([line, index, text]) => {
    const column = source.columns[Number(index)];
    const reason = column ? `not ${expectedForm(column, source.decimal)}` : "not readable";
    return sample(loaded, { line: Number(line), column: column?.header ?? null, reason, text: String(text ?? "") });
  });
}

/** Records that the CSV reader set aside. */
async function brokenRecords(workspace: Workspace, loaded: LoadedFile) {
  const { header } = loaded.reader;
  // A record may have many errors; an open quote explains the others.
  const order = "order by error_type <> 'UNQUOTED VALUE', column_idx";
  const rows = await workspace.rows(
    `select line, first(column_name ${order}), first(error_type ${order}), left(first(csv_line ${order}), ${MAX_SAMPLE_TEXT})
     from reject_errors group by line order by line limit ${workspace.limits.maxSamples}`,
  );
  const samples = rows.map(([line, name, type, text]) =>
    sample(loaded, {
      line: Number(line),
      // Names are those of fileColumn; column_idx counts from 0 or from 1, as the kind of error has it.
      column: header[Number(String(name).slice(1))] ?? null,
      reason: brokenReason(String(type), header.length),
      text: String(text ?? ""),
    }),
  );
  const count = await workspace.number("select count(distinct line) from reject_errors");
  await workspace.run(
    `insert into ${brokenTable(loaded.source.name)}
     select ${loaded.number}, line - row_number() over (order by line) - 1 from (select distinct line from reject_errors)`,
  );
  await workspace.run("drop table reject_errors");
  await workspace.run("drop table reject_scans");
  return { count, samples };
}

/** Lines that the CSV reader neither gave nor reported. */
function swallowedLines(loaded: LoadedFile, count: number) {
  const reason =
    `${count} line(s) lost without a record of their own: an open quote takes the lines after it, ` +
    `and a line over ${MAX_LINE_BYTES} bytes may vanish`;
  return { count, samples: [sample(loaded, { line: null, column: null, reason, text: "" })] };
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
      return `a line over ${MAX_LINE_BYTES} bytes`;
    case "INVALID ENCODING":
      return "bytes that are not UTF-8";
    default:
      return type.toLowerCase();
  }
}

function sample(
  { source, file }: LoadedFile,
  row: Pick<RejectedSample, "line" | "column" | "reason" | "text">,
): RejectedSample {
  return { source: source.name, file: file.name, ...row, text: row.text.slice(0, MAX_SAMPLE_TEXT) };
}

function tooManyRejected({ source, file }: LoadedFile, bad: number, good: number, first: RejectedSample | undefined) {
  const where = [first?.line && `line ${first.line}`, first?.column && `column "${first.column}"`]
    .filter(Boolean)
    .join(", ");
  return new SourceError(
    source.name,
    file.name,
    `${bad} of ${good + bad} rows would be set aside, too many to go on; the first: ${where}: ${first?.reason ?? ""}` +
      (first?.text ? ` (${JSON.stringify(first.text)})` : ""),
  );
}
