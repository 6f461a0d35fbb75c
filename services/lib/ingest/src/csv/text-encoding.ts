import { isUtf8 } from "node:buffer";
import type { CsvEncoding } from "@bellwether/config/source-mapping";
import { foreignKind } from "../files/file-kind.ts";
import { type EncodingError, Utf8Check } from "./utf8-check.ts";

/** Throws an error. `problem` states what is wrong with the bytes of a file. */
export type Reject = (problem: string) => never;

/** Decodes the chunks of a file, in their order, to UTF-8. */
export interface Decoder {
  /**
   * Converts `chunk` to UTF-8 and returns it. A character that is incomplete at the end of the chunk is kept
   * for the next call.
   */
  decode(chunk: Buffer): Buffer;
  /** Must be called at the end of the file. Returns the UTF-8 of the bytes that were kept. */
  end(): Buffer;
}

/**
 * Characters of the bytes 0x80 to 0x9F in windows-1252 (WHATWG index); empty for a byte without a character.
 */
const CP1252 = [..."€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ"].map((c) => (c === "\0" ? "" : c));

/**
 * Creates the decoder of a CSV file that starts with `head`; each byte of the file must be text of
 * `encoding`. `reject` is called, at once or while decoding, with the probable encoding or format of the file
 * and the option to set.
 */
export function createDecoder(encoding: CsvEncoding, head: Buffer, reject: Reject): Decoder {
  const kind = foreignKind(head);
  if (kind !== null) reject(`it is ${kind}`);
  const hex = head.subarray(0, 4).toString("hex");
  const wide = utf16Of(head, encoding === "utf-16" ? 0 : 0.1);
  if (encoding !== "utf-16" && wide !== null) reject(looksLike("utf-16"));
  if (encoding !== "utf-8" && hex.startsWith("efbbbf")) reject(looksLike("utf-8"));
  switch (encoding) {
    case "utf-8":
      return checkedUtf8(reject);
    case "utf-16":
      if (wide === null) reject(new Utf8Check().add(head) === null ? looksLike("utf-8") : "it is not UTF-16");
      return utf16(wide ?? "utf-16le", reject);
    case "windows-1252":
    case "iso-8859-1":
      return singleByte(encoding, reject);
  }
}

function looksLike(encoding: CsvEncoding, where = "it"): string {
  return `${where} looks like ${encoding}; set encoding: ${encoding}${encoding === "utf-8" ? " or leave encoding out" : ""}`;
}

/**
 * Detects UTF-16 by its byte order mark, or because more than the share `zeros` of its units have a zero
 * byte, as ASCII has, always on the same side. Null when it is not UTF-16.
 */
function utf16Of(head: Buffer, zeros: number): "utf-16le" | "utf-16be" | null {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const units = Math.min(head.length, 4096) >> 1;
  let [even, odd] = [0, 0];
  for (let i = 0; i < units; i++) {
    if (head[2 * i] === 0) even++;
    if (head[2 * i + 1] === 0) odd++;
  }
  if (units >= 2 && odd > units * zeros && even === 0) return "utf-16le";
  if (units >= 2 && even > units * zeros && odd === 0) return "utf-16be";
  return null;
}

function checkedUtf8(reject: Reject): Decoder {
  const check = new Utf8Check();
  const judge = (violation: EncodingError | null): void => {
    if (violation !== null) reject(notUtf8(violation));
  };
  return {
    decode(chunk) {
      judge(check.add(chunk));
      return chunk;
    },
    end() {
      judge(check.end());
      return Buffer.alloc(0);
    },
  };
}

/** Whether a byte is a control character that text does not have: not a tab, a line end, a form feed or the end mark of DOS. */
const isControl = (byte: number): boolean =>
  byte === 0x7f || (byte < 0x20 && byte !== 0x1a && (byte < 0x09 || byte > 0x0d));

function notUtf8({ line, bytes, partlyUtf8 }: EncodingError): string {
  const text = cp1252Text(bytes.toString("latin1"));
  const bytesAre = `line ${line} has bytes that are not UTF-8`;
  if (bytes.some(isControl))
    return `it is not text: ${bytesAre}, with control characters beside them; give a CSV file, unpacked and not encrypted`;
  if (text === null)
    return `${bytesAre} (${JSON.stringify(bytes.toString("utf8"))}), nor windows-1252; save it as UTF-8`;
  const shown = JSON.stringify(text);
  if (partlyUtf8)
    return `${bytesAre} and would be ${shown} in windows-1252, but other lines are UTF-8; save all of it in one encoding`;
  return `${bytesAre}; ${looksLike("windows-1252", "it")} (the line then has ${shown})`;
}

function utf16(label: "utf-16le" | "utf-16be", reject: Reject): Decoder {
  const decoder = new TextDecoder(label, { fatal: true });
  let lines = 1;
  const decode = (chunk: Buffer | undefined): Buffer => {
    try {
      const text = chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
      for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lines++;
      return Buffer.from(text, "utf8");
    } catch {
      const where = chunk ? `after line ${lines} it has` : "it ends with";
      return reject(`${where} bytes that are not UTF-16 (half a character)`);
    }
  };
  return { decode, end: () => decode(undefined) };
}

/**
 * A byte sequence that is one character in UTF-8, and an unlikely sequence of characters in a single-byte
 * encoding.
 */
const UTF8_RUN = /[\xc2\xc3][\x80-\xbf]|\xe2[\x80-\xbf][\x80-\xbf]/;
const NOT_ASCII = /[\x80-\xff]/;
/**
 * A file whose lines are all valid UTF-8 counts as UTF-8 when it has at least this number of non-ASCII
 * characters.
 */
const MIN_UTF8_CHARACTERS = 4;

/** Maximum size of a text without a line end that is checked as one line. */
const MAX_HELD = 1 << 20;

function singleByte(encoding: "windows-1252" | "iso-8859-1", reject: Reject): Decoder {
  let held = "";
  let lines = 0;
  let sawOther = false;
  let utf8Characters = 0;
  let firstUtf8 = 0;
  const decodeLines = (text: string): Buffer => {
    if (!NOT_ASCII.test(text)) {
      for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lines++;
      return Buffer.from(text, "latin1");
    }
    for (const line of text.split("\n")) {
      lines++;
      if (!NOT_ASCII.test(line)) continue;
      const utf8 = isUtf8(Buffer.from(line, "latin1"));
      if (utf8) {
        if (UTF8_RUN.test(line) || cp1252Text(line) === null) reject(looksLike("utf-8", `line ${lines}`));
        utf8Characters += line.match(/[\xc2-\xf4]/g)?.length ?? 0;
        if (firstUtf8 === 0) firstUtf8 = lines;
      } else sawOther = true;
      if (encoding === "iso-8859-1" && /[\x80-\x9f]/.test(line))
        reject(looksLike("windows-1252", `line ${lines} has control characters in iso-8859-1: it`));
      if (encoding === "windows-1252" && cp1252Text(line) === null)
        reject(
          `line ${lines} has bytes that windows-1252 has no character for; is it another encoding? Save it as UTF-8`,
        );
    }
    // The last piece of split() is empty after a final line end.
    if (text.endsWith("\n") || text === "") lines--;
    return Buffer.from(encoding === "windows-1252" ? (cp1252Text(text) ?? text) : text, "utf8");
  };
  return {
    decode(chunk) {
      const text = held + chunk.toString("latin1");
      const cut = text.lastIndexOf("\n") + 1;
      const end = cut === 0 && text.length > MAX_HELD ? text.length : cut;
      held = text.slice(end);
      return decodeLines(text.slice(0, end));
    },
    end() {
      const rest = decodeLines(held);
      if (utf8Characters >= MIN_UTF8_CHARACTERS && !sawOther) reject(looksLike("utf-8", `line ${firstUtf8}`));
      return rest;
    },
  };
}

/** Returns the Latin-1 text as windows-1252; null when a byte has no character. */
function cp1252Text(latin1: string): string | null {
  let isWhole = true;
  const text = latin1.replace(/[\x80-\x9f]/g, (c) => {
    const mapped = CP1252[c.charCodeAt(0) - 0x80] ?? "";
    if (mapped === "") isWhole = false;
    return mapped;
  });
  return isWhole ? text : null;
}
