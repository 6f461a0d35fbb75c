import { DuckDBBlobVector } from "@duckdb/node-api";

/** Says which entries of a vector are not null. */
interface Validity {
  itemValid(index: number): boolean;
}

/**
 * Size of a text's entry in a vector, bytes. The entry begins with the length of the text. A short text follows; of a
 * longer text, its first four bytes and its address follow.
 */
const ENTRY_BYTES = 16;
const LENGTH_BYTES = 4;
const ADDRESS_AT = 8;
/** Maximum size of a text that is stored in its entry, bytes. */
const MAX_INLINE_BYTES = ENTRY_BYTES - LENGTH_BYTES;
/** Size of a page of memory, bytes. */
const PAGE_BYTES = 4_096;
/** Maximum number of bytes that are copied at once, unless one text has more. */
const MAX_COPY_BYTES = 16 * 2 ** 20;
/** Number of texts that are kept to be used again: 2^6. */
const KEPT_TEXTS = 64;
/** Multiplier and shift of Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4) to 6 bits. */
const [GOLDEN, SHIFT] = [0x9e3779b1, 32 - 6];

/**
 * Appends `count` texts of a vector, from row `from`, to `target`; null stays null. DuckDB's client copies the texts one
 * by one, which takes more than half of the time of reading. The texts of neighbouring rows are mostly side by side in
 * memory, so this function copies them together. All memory between two texts that are less than a page apart is
 * readable.
 * @returns false when the vector has another layout; then nothing was appended
 */
export function readTexts(
  vector: object,
  target: (string | null)[],
  { from, count }: { readonly from: number; readonly count: number },
): boolean {
  // Both are private fields of the client.
  const [view, validity]: unknown[] = [Reflect.get(vector, "dataView"), Reflect.get(vector, "validity")];
  if (!(view instanceof DataView) || !isValidity(validity) || !(view.buffer instanceof ArrayBuffer)) return false;
  if (view.byteLength < (from + count) * ENTRY_BYTES) return false;
  const entries = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  const lengthOf = (row: number): number => view.getUint32(row * ENTRY_BYTES, true);
  const addressOf = (row: number): number => {
    const at = row * ENTRY_BYTES + ADDRESS_AT;
    return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  };
  const end = from + count;
  /** Returns the end address of the sequence of side-by-side texts that begins with the text of a row. */
  const endOfRun = (row: number): number => {
    const start = addressOf(row);
    let last = start + lengthOf(row);
    for (let next = row + 1; next < end; next++) {
      const length = lengthOf(next);
      if (length <= MAX_INLINE_BYTES || !validity.itemValid(next)) continue;
      const gap = addressOf(next) - last;
      if (gap < 0 || gap >= PAGE_BYTES || last + gap + length - start > MAX_COPY_BYTES) break;
      last += gap + length;
    }
    return last;
  };
  /** Texts of a dictionary by address: several rows can have the same text, and the order in memory is any. */
  const known = new Map<number, string>();
  let run: { readonly start: number; readonly end: number; readonly bytes: Buffer } = {
    start: 0,
    end: 0,
    bytes: entries,
  };
  const longText = (row: number): string => {
    const [start, length] = [addressOf(row), lengthOf(row)];
    if (start < run.start || start + length > run.end) {
      const text = known.get(start);
      if (text !== undefined) return text;
      const last = endOfRun(row);
      run = { start, end: last, bytes: copyMemory(start, last - start) };
      if (last === start + length) known.set(start, run.bytes.toString("utf8"));
    }
    return run.bytes.toString("utf8", start - run.start, start - run.start + length);
  };
  const decode = (row: number): string => {
    const [length, at] = [lengthOf(row), row * ENTRY_BYTES + LENGTH_BYTES];
    return length <= MAX_INLINE_BYTES ? entries.toString("utf8", at, at + length) : longText(row);
  };
  const textOf = reuseTexts(view, decode);
  for (let row = from; row < end; row++) target.push(validity.itemValid(row) ? textOf(row) : null);
  return true;
}

/**
 * Returns `decode`, which is not called for a row whose entry is that of an earlier row: a column such as the region
 * has a few texts in thousands of rows.
 */
function reuseTexts(view: DataView, decode: (row: number) => string): (row: number) => string {
  const kept: ({ readonly row: number; readonly text: string } | undefined)[] = new Array(KEPT_TEXTS);
  const word = (row: number, i: number): number => view.getInt32(row * ENTRY_BYTES + 4 * i, true);
  return (row) => {
    const [w0, w1, w2, w3] = [word(row, 0), word(row, 1), word(row, 2), word(row, 3)];
    const slot = Math.imul(w0 + Math.imul(w1, 31) + Math.imul(w2, 37) + Math.imul(w3, 41), GOLDEN) >>> SHIFT;
    const known = kept[slot];
    const isSame = (at: number): boolean =>
      word(at, 0) === w0 && word(at, 1) === w1 && word(at, 2) === w2 && word(at, 3) === w3;
    if (known !== undefined && isSame(known.row)) return known.text;
    const text = decode(row);
    kept[slot] = { row, text };
    return text;
  };
}

/**
 * Returns a copy of `length` bytes of DuckDB's memory. DuckDB's client has no function for this, but copies the bytes
 * of a BLOB. So the client gets a vector with one BLOB entry that contains the address and the length. `length` must
 * be more than 12: the bytes of a shorter BLOB are in the entry itself.
 */
function copyMemory(address: number, length: number): Buffer {
  const entry = new DataView(new ArrayBuffer(ENTRY_BYTES));
  entry.setUint32(0, length, true);
  entry.setUint32(ADDRESS_AT, address % 2 ** 32, true);
  entry.setUint32(ADDRESS_AT + 4, Math.floor(address / 2 ** 32), true);
  const vector: unknown = Reflect.construct(DuckDBBlobVector, [entry, { itemValid: () => true }, null, 0, 1]);
  const bytes = vector instanceof DuckDBBlobVector ? vector.getItemBytes(0) : null;
  if (bytes === null) throw new Error("DuckDB's client does not read bytes at an address");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const isValidity = (value: unknown): value is Validity =>
  typeof value === "object" && value !== null && "itemValid" in value && typeof value.itemValid === "function";
