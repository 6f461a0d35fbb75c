import { ImportRejectedError } from "@bellwether/tree-model/trees/import-rejected-error";

/** Maximum depth of nesting. A model has about 8 levels. */
const MAX_NESTING = 64;
/** Maximum number of lists, objects and keys outside of typed arrays. */
const MAX_ITEMS = 8_000_000;
/** Maximum number of entries of all typed arrays. A model of 64 MiB has less than 20 million. */
const MAX_TYPED_ENTRIES = 24_000_000;

/** Width in bytes and read function of each number type, by marker. Big-endian, as XGBoost writes them. */
const NUMBERS: Readonly<
  Record<string, { readonly width: number; readonly read: (view: DataView, at: number) => number }>
> = {
  i: { width: 1, read: (view, at) => view.getInt8(at) },
  U: { width: 1, read: (view, at) => view.getUint8(at) },
  I: { width: 2, read: (view, at) => view.getInt16(at) },
  l: { width: 4, read: (view, at) => view.getInt32(at) },
  L: { width: 8, read: (view, at) => Number(view.getBigInt64(at)) },
  d: { width: 4, read: (view, at) => view.getFloat32(at) },
  D: { width: 8, read: (view, at) => view.getFloat64(at) },
};

interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  items: number;
  typedEntries: number;
}

/**
 * Parses Universal Binary JSON (ubjson.org, draft 12) and returns what JSON.parse would return for the
 * equivalent JSON. A size that the file claims is checked against the remaining bytes before anything is
 * allocated.
 * @throws ImportRejectedError when the bytes are not valid UBJSON, are nested too deeply or have too many items.
 */
export function parseUbjsonModel(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor: Cursor = { bytes, view, at: 0, items: 0, typedEntries: 0 };
  return readValue(cursor, marker(cursor), 0);
}

function readValue(cursor: Cursor, type: string, depth: number): unknown {
  if (depth > MAX_NESTING) throw new ImportRejectedError("unsafe", `UBJSON nested deeper than ${MAX_NESTING} levels`);
  cursor.items += 1;
  if (cursor.items > MAX_ITEMS) throw new ImportRejectedError("unsafe", `UBJSON of more than ${MAX_ITEMS} items`);
  const number = NUMBERS[type];
  if (number !== undefined) return readNumber(cursor, number);
  switch (type) {
    case "Z":
      return null;
    case "T":
      return true;
    case "F":
      return false;
    case "S":
      return readText(cursor);
    case "C":
      return marker(cursor);
    case "[":
      return readList(cursor, depth);
    case "{":
      return readObject(cursor, depth);
    default:
      throw malformed(`unknown type marker at byte ${cursor.at - 1}`);
  }
}

function readList(cursor: Cursor, depth: number): unknown[] {
  const { type, count } = readHeader(cursor);
  const number = type === null ? undefined : NUMBERS[type];
  if (number !== undefined && count !== null) {
    need(cursor, count * number.width);
    cursor.typedEntries += count;
    if (cursor.typedEntries > MAX_TYPED_ENTRIES)
      throw new ImportRejectedError("unsafe", `UBJSON with more than ${MAX_TYPED_ENTRIES} entries in its lists`);
    const numbers = new Array<number>(count);
    for (let i = 0; i < count; i++) numbers[i] = readNumber(cursor, number);
    return numbers;
  }
  const list: unknown[] = [];
  while (count === null ? !closes(cursor, "]") : list.length < count) {
    list.push(readValue(cursor, type ?? marker(cursor), depth + 1));
  }
  return list;
}

function readObject(cursor: Cursor, depth: number): Record<string, unknown> {
  const { type, count } = readHeader(cursor);
  const entries = new Map<string, unknown>();
  for (let read = 0; count === null ? !closes(cursor, "}") : read < count; read++) {
    const key = readText(cursor);
    entries.set(key, readValue(cursor, type ?? marker(cursor), depth + 1));
  }
  return Object.fromEntries(entries);
}

/**
 * Reads the optional `$type` and `#count` of a container. A count without a type cannot exceed the number of
 * bytes left.
 */
function readHeader(cursor: Cursor): { readonly type: string | null; readonly count: number | null } {
  const type = closes(cursor, "$") ? marker(cursor) : null;
  if (!closes(cursor, "#")) {
    if (type !== null) throw malformed("a typed list without a count");
    return { type, count: null };
  }
  const count = readLength(cursor);
  if (count > MAX_ITEMS * 8) throw new ImportRejectedError("unsafe", `a list that claims ${count} entries`);
  return { type, count };
}

function readText(cursor: Cursor): string {
  const length = readLength(cursor);
  need(cursor, length);
  const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw malformed(`the text before byte ${cursor.at} is not UTF-8`);
    throw error;
  }
}

function readLength(cursor: Cursor): number {
  const number = NUMBERS[marker(cursor)];
  const length = number === undefined ? Number.NaN : readNumber(cursor, number);
  if (!Number.isSafeInteger(length) || length < 0) throw malformed("a length that is not an integer");
  return length;
}

function readNumber(cursor: Cursor, number: { width: number; read: (view: DataView, at: number) => number }): number {
  need(cursor, number.width);
  const value = number.read(cursor.view, cursor.at);
  cursor.at += number.width;
  return value;
}

function marker(cursor: Cursor): string {
  need(cursor, 1);
  cursor.at += 1;
  return String.fromCharCode(cursor.bytes[cursor.at - 1]);
}

/** Skips the marker when it comes next. */
function closes(cursor: Cursor, sign: string): boolean {
  if (cursor.bytes[cursor.at] !== sign.charCodeAt(0)) return false;
  cursor.at += 1;
  return true;
}

function need(cursor: Cursor, bytes: number): void {
  if (cursor.at + bytes > cursor.bytes.length) throw malformed("it ends in the middle of a value (truncated file)");
}

function malformed(what: string): ImportRejectedError {
  return new ImportRejectedError("malformed", `not valid UBJSON: ${what}`);
}
