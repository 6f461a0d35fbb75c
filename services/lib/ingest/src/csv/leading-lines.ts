import { DELIMITERS } from "@bellwether/config/source-mapping";
import { HEAD_BYTES } from "../files/scan-file.ts";
import { BYTE } from "./csv-bytes.ts";
import type { Reject } from "./text-encoding.ts";

/** The line by which spreadsheet programs name the delimiter: `sep=;`. */
const SEPARATOR_LINE = /^(?:\xef\xbb\xbf)?"?sep=([^\r\n"])"?(?:\r\n|\r|\n|$)/i;
/** Number of first bytes that show whether the first line is a separator line. */
const SEPARATOR_BYTES = 16;

/** The lines of a CSV file before the line with the column names. */
export interface LeadingLines {
  /** Returns `bytes` (UTF-8, the next ones of the file) without the bytes of leading lines. */
  skip(bytes: Buffer): Buffer;
  /** Must be called at the end of the file. Returns the bytes that were kept until now. */
  end(): Buffer;
  /** Number of lines that were skipped. */
  readonly lines: number;
  /** The skipped lines of `skipLines`, as one text; at most HEAD_BYTES and one chunk. */
  readonly text: string;
  /** True when the skipped line is a separator line, which the mapping does not declare. */
  readonly isSeparator: boolean;
}

/**
 * Skips the first `skipLines` lines of a file. Without any to skip, it skips a separator line (`sep=;`) that names
 * the delimiter of the source. Lines end with LF, or with CR in a file whose first bytes have no LF.
 * @param reject called when the file names another delimiter, has fewer lines, or lines without an end
 */
export function createLeadingLines(skipLines: number, delimiter: string, reject: Reject): LeadingLines {
  let held: Buffer = Buffer.alloc(0);
  let isDone = false;
  let lines = 0;
  let text = "";
  let isSeparator = false;

  const finish = (from: number): Buffer => {
    isDone = true;
    const rest = held.subarray(from);
    held = Buffer.alloc(0);
    return rest;
  };

  const skipSeparator = (): Buffer => {
    const match = SEPARATOR_LINE.exec(held.subarray(0, SEPARATOR_BYTES).toString("latin1"));
    if (match === null) return finish(0);
    const [line, named] = match;
    if (named !== delimiter) {
      const known = DELIMITERS.find((one) => one.delimiter === named);
      const set = known
        ? `set delimiter: ${known.shown}`
        : `a delimiter is one of ${DELIMITERS.map(({ shown }) => shown).join(" ")}`;
      reject(`its first line is "sep=${named}", which names its delimiter; ${set} for this source in the mapping`);
    }
    [lines, isSeparator] = [1, true];
    return finish(line.length);
  };

  const skipDeclared = (isEnd: boolean): Buffer | null => {
    const lineEnd = held.includes(BYTE.lf) ? BYTE.lf : BYTE.cr;
    let from = 0;
    let found = 0;
    for (let at = held.indexOf(lineEnd); at >= 0 && found < skipLines; at = held.indexOf(lineEnd, from)) {
      from = at + 1;
      found++;
    }
    if (found < skipLines && !isEnd) {
      if (held.length > HEAD_BYTES)
        reject(`its first ${skipLines} lines are longer than ${HEAD_BYTES} bytes; check skip_lines`);
      return null;
    }
    if (found < skipLines) reject(`it has fewer lines than the ${skipLines} of skip_lines`);
    lines = skipLines;
    text = held.toString("utf8", 0, from);
    return finish(from);
  };

  return {
    skip(bytes) {
      if (isDone) return bytes;
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      if (skipLines > 0) return skipDeclared(false) ?? Buffer.alloc(0);
      return held.length < SEPARATOR_BYTES ? Buffer.alloc(0) : skipSeparator();
    },
    end() {
      if (isDone) return Buffer.alloc(0);
      return skipLines > 0 ? (skipDeclared(true) ?? Buffer.alloc(0)) : skipSeparator();
    },
    get lines() {
      return lines;
    },
    get text() {
      return text;
    },
    get isSeparator() {
      return isSeparator;
    },
  };
}
