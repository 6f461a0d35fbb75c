import { MAX_LINE_BYTES } from "../ingest-limits.ts";
import { BYTE } from "./csv-bytes.ts";

/**
 * Receives a line: its text, its line end, its number (1 for the first), and false when more of the same line
 * follows. The bytes belong to the chunk: code that keeps them after the call keeps the whole chunk in
 * memory.
 */
type OnLine = (text: Buffer, lineEnd: Buffer, line: number, isWhole: boolean) => void;

const NONE = Buffer.alloc(0);

/**
 * Splits the chunks of a file into lines. A line ends with LF and the CRs before it; with `crEndsLines` a CR
 * alone ends it too. A byte order mark is skipped. A line over the size limit is passed on in parts.
 */
export class LineReader {
  readonly #crEndsLines: boolean;
  readonly #onLine: OnLine;
  #held = NONE;
  #line: number;
  #isStart = true;
  #afterCr = false;

  constructor(form: { readonly crEndsLines: boolean; readonly skippedLines?: number }, onLine: OnLine) {
    this.#crEndsLines = form.crEndsLines;
    this.#line = 1 + (form.skippedLines ?? 0);
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let from = this.#held.length;
    if (this.#isStart) {
      if (bytes.length < 3) {
        this.#held = Buffer.from(bytes);
        return;
      }
      if (bytes.readUIntBE(0, 3) === 0xefbbbf) bytes = bytes.subarray(3);
      this.#isStart = false;
      from = 0;
    }
    this.#cut(bytes, from);
  }

  end(): void {
    if (this.#isStart) {
      this.#isStart = false;
      this.#cut(this.#held, 0);
    }
    const text = withoutCrs(this.#held);
    if (this.#held.length > 0) this.#onLine(text, this.#held.subarray(text.length), this.#line, true);
    this.#held = NONE;
  }

  /**
   * Passes on the complete lines of `bytes` and keeps the rest. The first `from` bytes are known to have no
   * line end.
   */
  #cut(bytes: Buffer, from: number): void {
    let start = 0;
    for (let end = this.#lineEnd(bytes, from); end >= 0; end = this.#lineEnd(bytes, start)) {
      const isSecond = this.#afterCr && end === start && bytes[end] === BYTE.lf;
      this.#afterCr = this.#crEndsLines && bytes[end] === BYTE.cr;
      if (!isSecond) {
        const line = bytes.subarray(start, end);
        const text = this.#crEndsLines ? line : withoutCrs(line);
        this.#onLine(text, bytes.subarray(start + text.length, end + 1), this.#line++, true);
      }
      start = end + 1;
    }
    let rest = bytes.subarray(start);
    if (rest.length > 0) this.#afterCr = false;
    if (rest.length > MAX_LINE_BYTES) {
      const part = partOf(rest);
      this.#onLine(rest.subarray(0, part), NONE, this.#line, false);
      rest = rest.subarray(part);
    }
    this.#held = Buffer.from(rest);
  }

  #lineEnd(bytes: Buffer, from: number): number {
    if (!this.#crEndsLines) return bytes.indexOf(BYTE.lf, from);
    for (let at = from; at < bytes.length; at++) if (bytes[at] === BYTE.lf || bytes[at] === BYTE.cr) return at;
    return -1;
  }
}

function withoutCrs(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && line[end - 1] === BYTE.cr) end--;
  return line.subarray(0, end);
}

/**
 * Returns the length of the first part of a long line. The cut is never directly after a quote, which could
 * be half of a doubled quote, or after a CR.
 */
function partOf(line: Buffer): number {
  let end = line.length;
  while (end > 0 && (line[end - 1] === BYTE.quote || line[end - 1] === BYTE.cr)) end--;
  return end > 0 ? end : line.length;
}
