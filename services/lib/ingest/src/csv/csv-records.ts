import { MAX_LINE_BYTES } from "../ingest-limits.ts";
import { BYTE } from "./csv-bytes.ts";
import { LineReader } from "./csv-lines.ts";

/** One record of a CSV file (RFC 4180) that is not blank. */
export interface CsvRecord {
  /**
   * Number among the records without a problem, 1 for the header. A record with a problem has the number of
   * the next one without.
   */
  readonly number: number;
  /** Physical line at which the record begins, 1 for the first line of the file. */
  readonly line: number;
  /** Number of physical lines of the record, without blank lines. */
  readonly lines: number;
  /** Bytes of the record without its line end. For a record with a problem: only the first bytes. */
  readonly bytes: Buffer;
  /** True when DuckDB reads `bytes` correctly without changes. */
  readonly isPlain: boolean;
  /**
   * Why the record cannot be a row, the same text for all records with this problem. Null: the record can be
   * a row.
   */
  readonly problem: string | null;
  /** The text of `problem` with the line numbers of this record. */
  readonly detail: string;
  /** Index of the value at which reading failed; null when the problem is not about a value. */
  readonly column: number | null;
}

/** Line ends and delimiter of a file. */
export interface CsvForm {
  readonly delimiter: string;
  /**
   * True when CR alone ends a line. Otherwise a CR is part of its value, unless rows have the header's width
   * only when CRs are line ends.
   */
  readonly crEndsLines: boolean;
  /** Number of lines of the file before the first one that is given to the reader. Default 0. */
  readonly skippedLines?: number;
  /** Whether a record with more or fewer values than the header is one with a problem. Default false. */
  readonly checksWidth?: boolean;
}

/** Number of bytes that are kept of a record with a problem. */
const SHOWN_BYTES = 800;

/** Lines inside an open quote count as rows only if they have at least this number of delimiters together. */
const MIN_ROWLIKE_DELIMITERS = 6;

const OPEN_QUOTE = "a quote that is not closed, or text after a closing quote";
const SWALLOWED_ROWS = "a quoted value with lines that look like rows";

const FIELD_START = 0;
const UNQUOTED = 1;
const QUOTED = 2;
const AFTER_QUOTE = 3;
const SKIP_LINE = 4;

/**
 * Parses a CSV file (UTF-8) chunk by chunk and passes each record that is not blank to `onRecord`. Every line
 * belongs to one record; the lines after an open quote form one record with a problem. A quoted value that is
 * not closed as RFC 4180 requires ends at the end of that line. The reader holds one record of at most 2 MiB.
 */
export class CsvRecordReader {
  readonly #form: CsvForm;
  readonly #onRecord: (record: CsvRecord) => void;
  readonly #delimiter: number;
  readonly #lines: LineReader;
  #state = FIELD_START;
  /** Number of values of the header; 0 before the header is read. */
  #width: number;
  #next = 1;
  #record = newRecord(0);

  /** @param width Number of values of a row; needed when the records are not a whole file with its header. */
  constructor(form: CsvForm, onRecord: (record: CsvRecord) => void, width = 0) {
    this.#form = form;
    this.#onRecord = onRecord;
    this.#delimiter = form.delimiter.charCodeAt(0);
    this.#width = width;
    this.#lines = new LineReader(form, (...line) => this.#line(...line));
  }

  add(chunk: Buffer): void {
    this.#lines.add(chunk);
  }

  end(): void {
    this.#lines.end();
    if (this.#state !== QUOTED) return;
    this.#reject(OPEN_QUOTE, this.#record.quoteColumn);
    this.#endRecord();
  }

  /** Handles line number `line`, or a part of it when it is too long to hold in memory. */
  #line(text: Buffer, lineEnd: Buffer, line: number, isWhole: boolean): void {
    let record = this.#record;
    if (record.lines === 0) {
      if (text.length === 0 && isWhole) return;
      record = newRecord(line);
      this.#record = record;
    }
    if (text.length > 0 && record.lastLine !== line) {
      record.lines++;
      record.lastLine = line;
    }
    if (text.includes(0)) this.#reject("a NUL byte", null);
    if (text.includes(BYTE.cr)) {
      record.hasCr = true;
      record.isPlain = false;
    }
    const end = this.#parse(text, line);
    const rest = end < text.length ? text.subarray(end + 1) : null;
    this.#keep(rest === null ? text : text.subarray(0, end));
    if (!isWhole) {
      this.#reject(`longer than ${MAX_LINE_BYTES} bytes`, record.values - 1);
      return;
    }
    this.#compareLine(text);
    if (this.#state === QUOTED) this.#keep(lineEnd);
    else this.#endRecord();
    if (rest !== null) this.#line(rest, lineEnd, line, true);
  }

  /**
   * Advances the parser state over `text`; returns the index of a CR that ends the record, else the length of
   * `text`.
   */
  #parse(text: Buffer, line: number): number {
    const record = this.#record;
    const delimiter = this.#delimiter;
    let quoteAt = -1;
    for (let at = 0; at < text.length; ) {
      const byte = text[at];
      if (this.#state === QUOTED) {
        quoteAt = text.indexOf(BYTE.quote, at);
        if (quoteAt < 0) break;
        const isEscape = text[quoteAt + 1] === BYTE.quote;
        at = quoteAt + (isEscape ? 2 : 1);
        if (!isEscape) this.#state = AFTER_QUOTE;
      } else if (this.#state === SKIP_LINE) break;
      else if (byte === delimiter) {
        record.values++;
        this.#state = FIELD_START;
        at++;
      } else if (this.#state === UNQUOTED) {
        const next = text.indexOf(delimiter, at);
        at = next < 0 ? text.length : next;
      } else if (byte === BYTE.space || byte === BYTE.tab) {
        // DuckDB accepts only some of the blanks around quoted values.
        record.blankAt = at++;
        if (this.#state === AFTER_QUOTE) record.isPlain = false;
      } else if (this.#state === FIELD_START) {
        if (byte === BYTE.quote) {
          this.#state = QUOTED;
          if (record.problem === null) {
            record.quoteLine = line;
            record.quoteColumn = record.values - 1;
          }
          if (at > 0 && record.blankAt === at - 1) record.isPlain = false;
          at++;
        } else this.#state = UNQUOTED;
      } else if (byte === BYTE.cr) {
        // Text cannot follow a closing quote, so this CR is a line end.
        if (record.problem === null) return at;
        at++;
      } else {
        this.#reject(OPEN_QUOTE, record.quoteColumn);
        const before = quoteAt > 0 ? text[quoteAt - 1] : BYTE.lf;
        // A quote at the start of a value opens it, so the quote before was wrong.
        this.#state = before === delimiter || before === BYTE.lf ? QUOTED : SKIP_LINE;
      }
    }
    return text.length;
  }

  #reject(problem: string, column: number | null, record = this.#record): void {
    if (record.problem !== null) return;
    record.problem = problem;
    record.column = column;
  }

  #checkWidth(record: ReturnType<typeof newRecord>): void {
    if (record.values > this.#width) this.#reject(`more than ${this.#width} values`, null, record);
    if (record.values < this.#width) this.#reject(`fewer than ${this.#width} values`, record.values, record);
  }

  #keep(bytes: Buffer): void {
    const record = this.#record;
    record.size += bytes.length;
    if (record.size > MAX_LINE_BYTES) {
      this.#reject(`longer than ${MAX_LINE_BYTES} bytes`, record.values - 1);
      record.parts = [Buffer.concat(record.parts).subarray(0, SHOWN_BYTES)];
      if (record.parts[0]?.length === 0) record.parts = [Buffer.from(bytes.subarray(0, SHOWN_BYTES))];
    } else record.parts.push(bytes);
  }

  /** Compares the number of delimiters in a line of a record with that of a row. */
  #compareLine(text: Buffer): void {
    const record = this.#record;
    if (text.length === 0 || (record.lines < 2 && this.#state !== QUOTED)) return;
    let delimiters = 0;
    for (const byte of text) if (byte === this.#delimiter) delimiters++;
    record.delimiters += delimiters;
    if (delimiters !== this.#width - 1) record.isRowlike = false;
  }

  #endRecord(): void {
    const record = this.#record;
    this.#record = newRecord(0);
    this.#state = FIELD_START;
    if (
      record.problem === null &&
      record.lines > 1 &&
      record.isRowlike &&
      record.delimiters >= MIN_ROWLIKE_DELIMITERS
    ) {
      record.problem = SWALLOWED_ROWS;
      record.column = record.quoteColumn;
    }
    const bytes = record.parts.length === 1 ? (record.parts[0] ?? Buffer.alloc(0)) : Buffer.concat(record.parts);
    if (record.problem === null && record.hasCr && record.lines === 1 && !this.#form.crEndsLines)
      if (record.values !== this.#width && this.#splitAtCr(bytes, record.line)) return;
    if (this.#form.checksWidth === true && this.#width > 0) this.#checkWidth(record);
    this.#give({ ...record, bytes, detail: detailOf(record) }, record.values);
  }

  #give(record: Omit<CsvRecord, "number">, values: number): void {
    const { line, lines, isPlain, problem, detail, column } = record;
    const bytes = problem === null ? record.bytes : Buffer.from(record.bytes.subarray(0, SHOWN_BYTES));
    this.#onRecord({ number: this.#next, line, lines: Math.max(1, lines), bytes, isPlain, problem, detail, column });
    if (problem !== null) return;
    this.#next++;
    if (this.#width === 0) this.#width = values;
  }

  /**
   * Splits a line at its CRs and passes the parts on as records if they look like rows. Returns false if they
   * do not.
   */
  #splitAtCr(bytes: Buffer, line: number): boolean {
    const pieces: { record: CsvRecord; values: number }[] = [];
    const form = { ...this.#form, crEndsLines: true };
    const reader = new CsvRecordReader(form, (record) => pieces.push({ record, values: valuesOf(record, form) }), -1);
    reader.add(bytes);
    reader.end();
    const width = this.#width || (pieces[0]?.values ?? 0);
    const good = pieces.filter(({ record, values }) => record.problem === null && values === width).length;
    const enough = this.#width === 0 ? pieces.length : Math.max(2, pieces.length / 2);
    if (good < 2 || good < enough || width < 2) return false;
    for (const { record, values } of pieces) this.#give({ ...record, line }, values);
    return true;
  }
}

function detailOf({ problem, line, lines, lastLine, quoteLine }: ReturnType<typeof newRecord>): string {
  if (problem === null || lines < 2) return problem ?? "";
  const quote = quoteLine > 0 ? `; the quote opens in line ${quoteLine}` : "";
  return `${problem}${quote}; ${lines} lines from ${line} to ${lastLine} are rejected with it`;
}

/** Returns the number of values of a record without a problem. */
function valuesOf(record: CsvRecord, form: CsvForm): number {
  return record.problem === null ? recordValues(record.bytes.toString("latin1"), form.delimiter).length : 0;
}

/**
 * Returns the values of one record without a problem: the text between the delimiters, without quotes. Text
 * and values are Latin-1 of the record's bytes.
 */
export function recordValues(text: string, delimiter: string): string[] {
  const values: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    let start = at;
    while (text[start] !== delimiter && (text[start] === " " || text[start] === "\t")) start++;
    if (text[start] !== '"') {
      const end = text.indexOf(delimiter, at);
      values.push(text.slice(at, end < 0 ? text.length : end));
      at = end < 0 ? text.length : end;
      continue;
    }
    let value = "";
    let from = start + 1;
    for (let quote = text.indexOf('"', from); ; quote = text.indexOf('"', from)) {
      if (quote < 0) throw new Error("a record with an open quote is not sound");
      value += text.slice(from, quote);
      from = quote + 2;
      if (text[quote + 1] !== '"') break;
      value += '"';
    }
    values.push(value);
    const end = text.indexOf(delimiter, from - 1);
    at = end < 0 ? text.length : end;
  }
  return values;
}

function newRecord(line: number) {
  return {
    line,
    lines: 0,
    lastLine: 0,
    values: 1,
    parts: [] as Buffer[],
    size: 0,
    isPlain: true,
    hasCr: false,
    problem: null as string | null,
    column: null as number | null,
    quoteLine: 0,
    quoteColumn: 0,
    blankAt: -2,
    delimiters: 0,
    isRowlike: true,
  };
}
