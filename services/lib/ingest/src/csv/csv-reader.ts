import { DELIMITERS, type SourceMapping } from "@bellwether/config/source-mapping";
import { countText } from "@bellwether/reasons/count-text";
import { columnsOutside, outsideNotes } from "../duckdb/outside-columns.ts";
import { sqlName, sqlText } from "../duckdb/quote-sql.ts";
import { comparedName } from "../files/compared-name.ts";
import { type FileReader, fileColumn, tooManyColumns } from "../files/file-reader.ts";
import { matchHeader } from "../files/match-header.ts";
import { HEAD_BYTES } from "../files/scan-file.ts";
import type { SourceFile } from "../files/source-files.ts";
import { SourceError } from "../ingest-errors.ts";
import { MAX_LINE_BYTES } from "../ingest-limits.ts";
import type { CsvFile } from "./csv-file.ts";
import { csvHeader } from "./csv-header.ts";

const shownDelimiter = (of: string): string => DELIMITERS.find(({ delimiter }) => delimiter === of)?.shown ?? of;

/**
 * Reports a header that another delimiter would split as one error instead of one error per column. @throws
 * SourceError
 */
function checkDelimiter(
  { name, columns, delimiter }: SourceMapping,
  file: SourceFile,
  header: readonly string[],
): void {
  const [only = "", ...others] = header;
  if (others.length > 0 || columns.some((column) => comparedName(column.header) === comparedName(only))) return;
  const found = DELIMITERS.find((other) => other.delimiter !== delimiter && only.includes(other.delimiter));
  if (found === undefined) return;
  const finding = `its header is one column when split at ${shownDelimiter(delimiter)}, and contains ${found.shown}`;
  throw new SourceError(name, file.name, `${finding}; set delimiter: ${found.shown} for this source in the mapping`);
}

/** First characters of a line that is a comment. */
const COMMENT = /^"?(#|\/\/|--)/;

/** What the first characters of a file show, when they are not column names. */
const FORMS: readonly { readonly start: RegExp; readonly is: string }[] = [
  {
    start: /^<(!doctype html|html|head|body)/i,
    is: "an HTML page, for example that of a sign-in; download the file again",
  },
  { start: /^</, is: "XML or HTML; export the table as CSV" },
  { start: /^[{[]/, is: "JSON; export the table as CSV" },
  { start: COMMENT, is: "a comment" },
];
const SHOWN_LINE = 80;

/**
 * Reports a file of another form as one error with its first line, instead of one error per column. @throws
 * SourceError
 */
function checkForm({ name, columns }: SourceMapping, file: SourceFile, header: readonly string[], text: string): void {
  const names = new Set(header.map(comparedName));
  if (columns.some((column) => names.has(comparedName(column.header)))) return;
  const start = text.replace(/^[\uFEFF\s]+/, "");
  const form = FORMS.find((one) => one.start.test(start));
  if (form === undefined) return;
  const line = JSON.stringify(start.split(/[\r\n]/, 1)[0]?.slice(0, SHOWN_LINE));
  throw new SourceError(name, file.name, `its first line is ${line}, which looks like ${form.is}`);
}

/** Number of lines after the first one in which the column names are looked for. */
const SEARCHED_LINES = 100;

/**
 * Reports column names that come after other lines, or are among the skipped lines, as one error with the option to set.
 * @throws SourceError
 */
function checkSkippedLines(
  { name, columns, delimiter, skipLines = 0 }: SourceMapping,
  file: SourceFile,
  header: readonly string[],
  { skippedText, text }: { readonly skippedText: string; readonly text: string },
): void {
  const isThere = (names: ReadonlySet<string>) =>
    columns.filter(({ header: of }) => names.has(comparedName(of))).length;
  if (isThere(new Set(header.map(comparedName))) > 0) return;
  const isHeader = (line: string): boolean => {
    const names = csvHeader(line, delimiter, true);
    return names !== null && isThere(new Set(names.map(comparedName))) * 2 > columns.length;
  };
  const report = (at: number, found: string): never => {
    throw new SourceError(
      name,
      file.name,
      `${found}line ${at + 1} has the column names; set skip_lines: ${at} for this source in the mapping`,
    );
  };
  const skipped = skippedText === "" ? -1 : linesOf(skippedText).findIndex(isHeader);
  if (skipped >= 0) report(skipped, `skip_lines: ${skipLines} skips the line with the column names: `);
  const lines = linesOf(text).slice(0, SEARCHED_LINES);
  const at = lines.findIndex((line, i) => i > 0 && isHeader(line));
  if (at < 0) return;
  const first = JSON.stringify(lines[0]?.slice(0, SHOWN_LINE));
  report(skipLines + at, `its line ${skipLines + 1} is ${first}, and `);
}

const linesOf = (text: string): string[] => text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);

/**
 * Describes how DuckDB reads a CSV file. @throws SourceError when it is empty, or lacks a column of the
 * mapping.
 */
export function csvReader(source: SourceMapping, file: SourceFile, csv: CsvFile, maxColumns: number): FileReader {
  const reject = (problem: string): never => {
    throw new SourceError(source.name, file.name, problem);
  };
  if (csv.records === 0)
    reject(
      csv.skippedLines === 0
        ? "it is empty; a line with the column names is expected"
        : `it has nothing after the ${countText(csv.skippedLines, "line")} that are skipped; a line with the column names is expected`,
    );
  const header =
    csvHeader(csv.head.toString("utf8"), source.delimiter, csv.isWhole) ??
    reject(`its first line does not end within ${HEAD_BYTES} bytes`);
  if (header.length > maxColumns) reject(tooManyColumns(header.length, maxColumns));
  const start = csv.start.toString("utf8");
  checkSkippedLines(source, file, header, { skippedText: csv.skippedText, text: start });
  checkForm(source, file, header, start);
  checkDelimiter(source, file, header);
  const columns = header.map((_, i) => fileColumn(i));
  const options = [
    "auto_detect = false",
    `compression = '${csv.compression}'`,
    "hive_partitioning = false",
    "header = true",
    `delim = ${sqlText(source.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `columns = {${columns.map((name) => `${sqlText(name)}: 'VARCHAR'`).join(", ")}}`,
    // ignore_errors without store_rejects silently drops thousands of good rows after one broken quote.
    "store_rejects = true",
    "rejects_limit = 0",
    `max_line_size = ${MAX_LINE_BYTES}`,
  ];
  const from = `read_csv(${sqlText(csv.path)}, ${options.join(", ")})`;
  const matched = matchHeader(source, file, header, from);
  return {
    from,
    raw: new Map([
      ...[...matched.found].map(([name, i]) => [name, { sql: sqlName(fileColumn(i)), type: "VARCHAR" }] as const),
      ...columnsOutside(matched, source.columns),
    ]),
    texts: columns.map(sqlName),
    header: header.map(comparedName),
    ...{ unread: matched.unread, absent: matched.absent },
    notes: [...csv.notes, ...outsideNotes(matched, source.columns)],
  };
}
