import { TableError } from "./table-error.ts";

const WAY_OUT = "save the file as UTF-8";

/**
 * Decodes the text of a table: UTF-8, or UTF-16 with a byte order mark. The mark is removed, and no invalid
 * byte is replaced.
 * @throws TableError for another encoding, with the line, and for NUL characters, which UTF-16 without a mark has.
 */
export function tableText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  const text = decoded(encoding, bytes);
  if (text === null) {
    const name = encoding.toUpperCase();
    const where = encoding === "utf-8" ? `line ${firstBadLine(bytes)} of the table` : "the table";
    throw new TableError(`${where} has bytes that are not ${name}; ${WAY_OUT}`);
  }
  const nul = text.indexOf("\0");
  if (nul >= 0)
    throw new TableError(
      `line ${lineAt(text, nul)} of the table has a NUL character, as UTF-16 without a byte order mark has; ${WAY_OUT}`,
    );
  return text;
}

function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

function decoded(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/**
 * Returns the number of the first line that is not UTF-8, from 1. In UTF-8 a byte of a line feed is never a
 * part of another character.
 */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, from);
    const end = feed < 0 ? bytes.length : feed;
    if (decoded("utf-8", bytes.subarray(from, end)) === null) break;
    from = end + 1;
  }
  return line;
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split("\n").length;
