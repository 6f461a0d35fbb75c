import { isAscii, isUtf8 } from "node:buffer";

/** The position of the first bytes of a file that are not UTF-8. */
export interface EncodingError {
  /** Physical line, 1 for the first. A line ends with LF, or with CR in a file without LF. */
  readonly line: number;
  /** Bytes around the first invalid one, within its line. */
  readonly bytes: Buffer;
  /** True when valid characters of more than one byte precede the error, so that part of the file is UTF-8. */
  readonly partlyUtf8: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

/** Number of bytes shown before and after an invalid one. */
const SHOWN_BYTES = 20;

/**
 * Checks the chunks of a file, in their order, for bytes that are not UTF-8. It holds at most one incomplete
 * character.
 */
export class Utf8Check {
  #held = Buffer.alloc(0);
  #lineFeeds = 0;
  #returns = 0;
  #sawMultibyte = false;
  #line = Buffer.alloc(0);

  /**
   * Returns the first error in `chunk`; null when all bytes so far are UTF-8. Must not be called again after
   * an error.
   */
  add(chunk: Buffer): EncodingError | null {
    if (this.#held.length === 0 && isAscii(chunk)) {
      this.#pass(chunk);
      return null;
    }
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = wholeCharacters(bytes);
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole)) return this.#violation(bytes);
    if (!isAscii(whole)) this.#sawMultibyte = true;
    this.#pass(whole);
    this.#held = Buffer.from(bytes.subarray(end));
    return null;
  }

  /** Must be called at the end of the file. Returns an error when the file ends inside a character. */
  end(): EncodingError | null {
    return this.#held.length > 0 ? this.#violation(this.#held) : null;
  }

  #pass(bytes: Buffer): void {
    this.#lineFeeds += count(bytes, LF);
    if (this.#lineFeeds === 0) this.#returns += count(bytes, CR);
    this.#line = Buffer.from(bytes.subarray(-SHOWN_BYTES));
  }

  #violation(bytes: Buffer): EncodingError {
    let good = 0;
    let bad = bytes.length;
    // The longest prefix that is UTF-8. A prefix that ends inside a character counts as valid up to that
    // character.
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      if (isUtf8(bytes.subarray(0, wholeCharacters(bytes.subarray(0, middle))))) good = middle;
      else bad = middle;
    }
    const at = wholeCharacters(bytes.subarray(0, good));
    const before = bytes.subarray(0, at);
    const partlyUtf8 = this.#sawMultibyte || !isAscii(before);
    const shown = Buffer.concat([this.#line, bytes.subarray(0, at + SHOWN_BYTES)]);
    const wrong = this.#line.length + at;
    this.#pass(before);
    const line = 1 + (this.#lineFeeds > 0 ? this.#lineFeeds : this.#returns);
    return { line, bytes: lineAround(shown.subarray(Math.max(0, wrong - SHOWN_BYTES)), wrong), partlyUtf8 };
  }
}

function count(bytes: Buffer, byte: number): number {
  let found = 0;
  for (let i = bytes.indexOf(byte); i >= 0; i = bytes.indexOf(byte, i + 1)) found++;
  return found;
}

/** Returns the length of `bytes` without an incomplete last character. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/**
 * Returns the part of `shown` that is on the same line as its byte number `wrong` (at most SHOWN_BYTES from
 * its start).
 */
function lineAround(shown: Buffer, wrong: number): Buffer {
  const at = Math.min(wrong, SHOWN_BYTES);
  const isEnd = (byte: number | undefined) => byte === LF || byte === CR || byte === undefined;
  let from = at;
  let to = at;
  while (from > 0 && !isEnd(shown[from - 1])) from--;
  while (!isEnd(shown[to])) to++;
  return shown.subarray(from, to);
}
