import { MAX_COLUMNS, MAX_LINE_BYTES } from "../ingest-limits.ts";
import { BYTE } from "./csv-bytes.ts";

/** Number of records at the start of each chunk whose values are counted. */
const COUNTED_RECORDS = 8;
/** Number of counted records that may have another number of values than the header. */
const MAX_OTHER_WIDTHS = 3;
/** Length of a record, in bytes, from which on its values are counted wherever it is. */
const LONG_BYTES = 8192;

/** Properties of a CSV file (UTF-8), found by one pass over its bytes. */
export interface CsvShape {
  /** Number of records that are not blank, the header included. An estimate for an irregular file. */
  readonly records: number;
  /** True when record number n is line number n. */
  readonly oneLineEach: boolean;
  /**
   * Why DuckDB must not read the file directly: DuckDB rejects such a file, loses some lines or numbers lines
   * differently. Null: DuckDB reads the file correctly.
   */
  readonly irregular: string | null;
  /** True when CR alone ends a line, because the file has more CRs than LFs. */
  readonly crEndsLines: boolean;
  /** Whether the last line has no line end. */
  readonly endsOpen: boolean;
}

/**
 * Scans a CSV file chunk by chunk for content that DuckDB does not read correctly, and counts its records. It
 * stops only at quotes and line ends, which the runtime finds at memory speed, so that a pass costs little
 * compared with reading the file.
 */
export class CsvScan {
  readonly #delimiter: number;
  #irregular: string | null = null;
  #position = 0;
  #last: number = BYTE.lf;
  #beforeLast: number = BYTE.lf;

  #openLineStart = 0;

  #quoted = false;
  #skip = false;
  #records = 0;
  #recordStart = 0;
  #blanks = 0;
  #lf = 0;
  #crlf = 0;
  #cr = 0;
  #loneCr = 0;
  #linesInside = 0;

  // For a sample of the records: numbers of values.
  #counted = 0;
  #headerDelimiters = -1;
  #otherWidths = 0;
  #quotedBefore = false;

  // For a record with quoted line ends: whether all its lines so far have the same number of delimiters.
  #isMultiline = false;
  #alike = true;
  #firstDelimiters = -1;
  #delimiters = 0;
  #lineStart = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#position === 0 && chunk[0] === 0xef) this.#recordStart = 3;
    if (this.#position > 0) this.#held(chunk[0] ?? -1, chunk);
    const end = chunk.length - 1;
    this.#counted = 0;
    this.#quotedBefore = this.#quoted;
    if (chunk.includes(0)) this.#note("a NUL byte");
    let quote = placeOf(chunk, BYTE.quote, 0);
    let lf = placeOf(chunk, BYTE.lf, 0);
    let cr = placeOf(chunk, BYTE.cr, 0);
    for (let at = Math.min(quote, lf, cr); at < end; at = Math.min(quote, lf, cr)) {
      const before = at === 0 ? this.#last : (chunk[at - 1] ?? 0);
      const next = chunk[at + 1] ?? -1;
      if (at === quote) {
        this.#quote(before, next, at);
        quote = placeOf(chunk, BYTE.quote, at + 1);
      } else if (at === lf) {
        this.#lineEnd(before, chunk, at);
        lf = placeOf(chunk, BYTE.lf, at + 1);
      } else {
        this.#return(next);
        cr = placeOf(chunk, BYTE.cr, at + 1);
      }
    }
    if (this.#quoted || this.#isMultiline)
      this.#delimiters += countByte(chunk, this.#delimiter, this.#lineStart, chunk.length);
    // The header is not counted yet while the first record is open.
    if (this.#headerDelimiters >= 0 && this.#position + chunk.length - this.#recordStart > LONG_BYTES)
      if (this.#delimitersOutside(chunk, chunk.length) > this.#headerDelimiters + MAX_COLUMNS)
        this.#note("a record with far more values than the header");
    this.#beforeLast = end > 0 ? (chunk[end - 1] ?? 0) : this.#last;
    this.#last = chunk[end] ?? 0;
    const lineEnd = Math.max(chunk.lastIndexOf(BYTE.lf), chunk.lastIndexOf(BYTE.cr));
    if (lineEnd >= 0) this.#openLineStart = this.#position + lineEnd + 1;
    this.#position += chunk.length;
    this.#lineStart = 0;
  }

  /** Number of bytes since the last line end, quoted or not; the line is not complete yet. */
  get openLineBytes(): number {
    return this.#position - this.#openLineStart;
  }

  /** Whether no line of the file has ended yet. */
  get isFirstLine(): boolean {
    return this.#openLineStart === 0;
  }

  end(): CsvShape {
    const none = Buffer.alloc(0);
    if (this.#position > 0) this.#held(-1, none);
    if (this.#quoted) this.#note("a quote that is not closed");
    else if (this.#recordStart < this.#position)
      this.#endRecord(this.#position, this.#last === BYTE.cr ? 1 : 0, none, 0);
    if (this.#lf > 0 && this.#crlf > 0) this.#note("both LF and CR LF at line ends");
    const ends = this.#lf + this.#crlf;
    return {
      records: this.#records,
      oneLineEach: this.#linesInside === 0,
      irregular: this.#irregular,
      crEndsLines: ends === 0 ? this.#cr > 0 : this.#loneCr > ends,
      endsOpen: this.openLineBytes > 0,
    };
  }

  #note(irregular: string): void {
    this.#irregular ??= irregular;
  }

  /** Handles the last byte of the previous chunk, whose meaning depends on the first byte of this chunk. */
  #held(next: number, chunk: Buffer): void {
    const byte = this.#last;
    if (byte === BYTE.quote) this.#quote(this.#beforeLast, next, -1);
    else if (byte === BYTE.lf) this.#lineEnd(this.#beforeLast, chunk, -1);
    else if (byte === BYTE.cr) this.#return(next);
  }

  #return(next: number): void {
    this.#cr++;
    if (next === BYTE.lf || this.#quoted) return;
    if (next === -1 && this.#lf === 0 && this.#crlf > 0) return;
    this.#loneCr++;
    this.#note("a CR that no LF follows");
  }

  #quote(before: number, next: number, at: number): void {
    if (this.#skip) {
      this.#skip = false;
      return;
    }
    if (this.#quoted) {
      if (next === BYTE.quote) {
        this.#skip = true;
        return;
      }
      this.#quoted = false;
      if (next !== this.#delimiter && next !== BYTE.lf && next !== BYTE.cr && next !== -1)
        this.#note("text after a closing quote");
      return;
    }
    const opens = before === this.#delimiter || before === BYTE.lf || this.#position + at === this.#recordStart;
    if (opens) this.#quoted = true;
    else if (before === BYTE.space || before === BYTE.tab) this.#note("a blank before a quote");
  }

  #lineEnd(before: number, chunk: Buffer, at: number): void {
    const isCrlf = before === BYTE.cr;
    if (this.#quoted) {
      this.#isMultiline = true;
      this.#linesInside++;
      this.#endLine(chunk, at);
      return;
    }
    if (isCrlf) this.#crlf++;
    else this.#lf++;
    this.#endRecord(this.#position + at, isCrlf ? 1 : 0, chunk, at);
  }

  /** Ends the record whose bytes end at `end`; its line end begins with `returns` CRs. */
  #endRecord(end: number, returns: number, chunk: Buffer, at: number): void {
    const bytes = end - this.#recordStart - returns;
    if (bytes <= 0) this.#blanks++;
    else {
      // Blank lines at the end of a file are harmless, but DuckDB counts blank lines before a record as
      // records.
      if (this.#blanks > 0) this.#note("blank lines between records");
      if (bytes > MAX_LINE_BYTES) this.#note("a line over the limit");
      if (this.#counted < COUNTED_RECORDS || bytes > LONG_BYTES) this.#countValues(chunk, at);
      this.#records++;
    }
    if (this.#isMultiline) {
      this.#endLine(chunk, at);
      if (this.#alike && this.#firstDelimiters > 0) this.#note("a quoted value with lines like those of rows");
      this.#isMultiline = false;
      this.#alike = true;
      this.#firstDelimiters = -1;
    }
    this.#recordStart = end + 1;
    this.#lineStart = at + 1;
    this.#delimiters = 0;
  }

  /**
   * Compares the number of values of the record that ends before `at` with that of the header. DuckDB stores an error
   * with the whole line for each value too many or too few, which takes minutes for a hundred thousand rows.
   */
  #countValues(chunk: Buffer, at: number): void {
    const delimiters = this.#delimitersOutside(chunk, at);
    if (this.#recordStart >= this.#position) {
      this.#counted++;
      if (this.#headerDelimiters < 0) this.#headerDelimiters = delimiters;
      else if (delimiters !== this.#headerDelimiters) this.#otherWidths++;
    }
    if (this.#otherWidths > MAX_OTHER_WIDTHS || delimiters > this.#headerDelimiters + MAX_COLUMNS)
      this.#note("records with another number of values than the header");
  }

  /** Returns the number of delimiters outside quotes of the present record that are in `chunk` before `to`. */
  #delimitersOutside(chunk: Buffer, to: number): number {
    let delimiters = 0;
    let isQuoted = this.#recordStart < this.#position && this.#quotedBefore;
    for (let i = Math.max(0, this.#recordStart - this.#position); i < to; i++) {
      if (chunk[i] === BYTE.quote) isQuoted = !isQuoted;
      else if (!isQuoted && chunk[i] === this.#delimiter) delimiters++;
    }
    return delimiters;
  }

  #endLine(chunk: Buffer, at: number): void {
    const delimiters = this.#delimiters + countByte(chunk, this.#delimiter, Math.max(0, this.#lineStart), at);
    if (this.#firstDelimiters < 0) this.#firstDelimiters = delimiters;
    else if (delimiters !== this.#firstDelimiters) this.#alike = false;
    this.#lineStart = at + 1;
    this.#delimiters = 0;
  }
}

/**
 * Returns the index of the first byte with the value `byte` at or after `from`; infinity when there is none.
 */
function placeOf(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

function countByte(bytes: Buffer, byte: number, from: number, to: number): number {
  let found = 0;
  for (let i = from; i < to; i++) if (bytes[i] === byte) found++;
  return found;
}
