import { ImportRejectedError } from "../../trees/import-rejected-error.ts";

/** Wire types of the protobuf encoding that ONNX files use. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

const TEXT = new TextDecoder("utf-8", { fatal: true });
/**
 * Maximum number of entries of a list: above the node count of any tree model that fits into a file of 64
 * MiB.
 */
const MAX_LIST = 4_194_304;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

/**
 * A cursor over the fields of one protobuf message. After `nextField` returned true, `field` and `wire` hold
 * the number and the wire type of the field, and its payload is in [start, stop). The cursor copies nothing
 * and allocates nothing by a size that the file claims: a length that exceeds the message is rejected before
 * the payload is read.
 */
export interface WireCursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  field: number;
  wire: number;
  start: number;
  stop: number;
}

/** Returns a cursor before the first field of `bytes`. */
export function openMessage(bytes: Uint8Array): WireCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, at: 0, field: 0, wire: 0, start: 0, stop: 0 };
}

/** Moves to the next field; returns false at the end of the message. */
export function nextField(cursor: WireCursor): boolean {
  const { bytes } = cursor;
  if (cursor.at >= bytes.length) return false;
  const tag = readVarint(cursor);
  cursor.field = Math.floor(tag / 8);
  cursor.wire = tag % 8;
  if (cursor.field < 1 || cursor.field > MAX_FIELD_NUMBER) throw malformed(`field number ${cursor.field}`);
  cursor.start = cursor.at;
  if (cursor.wire === VARINT) skipVarint(cursor);
  else if (cursor.wire === FIXED32) cursor.at += 4;
  else if (cursor.wire === FIXED64) cursor.at += 8;
  else if (cursor.wire === BYTES) {
    const length = readVarint(cursor);
    if (length < 0) throw malformed("a negative length");
    cursor.start = cursor.at;
    cursor.at += length;
  } else throw malformed(`wire type ${cursor.wire}`);
  if (cursor.at > bytes.length) throw malformed("it ends in the middle of a field (truncated file)");
  cursor.stop = cursor.at;
  return true;
}

/** Returns the payload of the current field, not copied. */
export function bytesOf(cursor: WireCursor): Uint8Array {
  expectWire(cursor, BYTES);
  return cursor.bytes.subarray(cursor.start, cursor.stop);
}

/** Returns the payload of the current field as UTF-8 text. */
export function textOf(cursor: WireCursor): string {
  try {
    return TEXT.decode(bytesOf(cursor));
  } catch (error) {
    if (error instanceof TypeError) throw malformed("text that is not UTF-8");
    throw error;
  }
}

/**
 * Returns the current field as a signed 64-bit integer. Beyond ±2^53 the result is ±Infinity, which every
 * check of an index or a count rejects.
 */
export function integerOf(cursor: WireCursor): number {
  expectWire(cursor, VARINT);
  cursor.at = cursor.start;
  return readVarint(cursor);
}

/** Returns the current field as a float. */
export function floatOf(cursor: WireCursor): number {
  expectWire(cursor, FIXED32);
  return cursor.view.getFloat32(cursor.start, true);
}

/** Adds the current field's integers, packed or single, to `list`. */
export function appendIntegers(cursor: WireCursor, list: number[]): void {
  if (cursor.wire !== BYTES) {
    checkFreeSpace(list, 1);
    list.push(integerOf(cursor));
    return;
  }
  const stop = cursor.stop;
  cursor.at = cursor.start;
  while (cursor.at < stop) {
    checkFreeSpace(list, 1);
    list.push(readVarint(cursor));
  }
  if (cursor.at !== stop) throw malformed("packed integers that do not end with their field");
}

/** Adds the current field's floats, packed or single, to `list`. */
export function appendFloats(cursor: WireCursor, list: number[]): void {
  if (cursor.wire !== BYTES) {
    checkFreeSpace(list, 1);
    list.push(floatOf(cursor));
    return;
  }
  checkFreeSpace(list, (cursor.stop - cursor.start) / 4);
  if ((cursor.stop - cursor.start) % 4 !== 0) throw malformed("packed floats of a broken length");
  for (let at = cursor.start; at < cursor.stop; at += 4) list.push(cursor.view.getFloat32(at, true));
}

/** Adds the current field's doubles, packed or single, to `list`. */
export function appendDoubles(cursor: WireCursor, list: number[]): void {
  if (cursor.wire === FIXED64) {
    checkFreeSpace(list, 1);
    list.push(cursor.view.getFloat64(cursor.start, true));
    return;
  }
  expectWire(cursor, BYTES);
  checkFreeSpace(list, (cursor.stop - cursor.start) / 8);
  if ((cursor.stop - cursor.start) % 8 !== 0) throw malformed("packed doubles of a broken length");
  for (let at = cursor.start; at < cursor.stop; at += 8) list.push(cursor.view.getFloat64(at, true));
}

/** Reads a varint at `cursor.at` as a signed 64-bit integer. */
function readVarint(cursor: WireCursor): number {
  const { bytes } = cursor;
  const first = bytes[cursor.at] ?? 0;
  if (first < 0x80 && cursor.at < bytes.length) {
    cursor.at += 1;
    return first;
  }
  let low = 0;
  let high = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[cursor.at];
    if (byte === undefined) throw malformed("it ends in the middle of a number (truncated file)");
    cursor.at += 1;
    const part = byte & 0x7f;
    if (index < 4) low += part * 2 ** (7 * index);
    else high += part * 2 ** (7 * (index - 4));
    if (byte < 0x80) return combine(low, high);
  }
  throw malformed("a number longer than 10 bytes");
}

/** Joins the two halves of a two's-complement 64-bit integer: `low` holds bits 0–27, `high` bits 28–69. */
function combine(low: number, high: number): number {
  const wrapped = high % 2 ** 36;
  const signed = wrapped >= 2 ** 35 ? wrapped - 2 ** 36 : wrapped;
  const value = signed * 2 ** 28 + low;
  if (Number.isSafeInteger(value)) return value;
  return value > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

function skipVarint(cursor: WireCursor): void {
  for (let index = 0; index < 10; index++) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw malformed("it ends in the middle of a number (truncated file)");
    cursor.at += 1;
    if (byte < 0x80) return;
  }
  throw malformed("a number longer than 10 bytes");
}

function checkFreeSpace(list: readonly number[], more: number): void {
  if (list.length + more > MAX_LIST) throw new ImportRejectedError("unsafe", `a list of more than ${MAX_LIST} entries`);
}

function expectWire(cursor: WireCursor, wire: number): void {
  if (cursor.wire !== wire) throw malformed(`wire type ${cursor.wire} in field ${cursor.field}, expected ${wire}`);
}

function malformed(what: string): ImportRejectedError {
  return new ImportRejectedError("malformed", `not a valid ONNX file: ${what}`);
}
