import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import {
  appendDoubles,
  appendFloats,
  appendIntegers,
  bytesOf,
  integerOf,
  nextField,
  openMessage,
  textOf,
  type WireCursor,
} from "./wire.ts";

/** Element types of a TensorProto whose elements are numbers or text. */
export const ELEMENT = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, double: 11 };

/** A constant tensor, flattened row-major. */
export interface OnnxTensor {
  readonly elementType: number;
  readonly dims: readonly number[];
  readonly values: readonly number[];
  /** The elements when they are text; `values` is then empty. */
  readonly texts: readonly string[];
}

const MAX_ELEMENTS = 4_194_304;

/** Size of an element in `raw_data` in bytes, and the function that reads one. */
const RAW: Readonly<Record<number, { width: number; read: (view: DataView, at: number) => number }>> = {
  [ELEMENT.float]: { width: 4, read: (view, at) => view.getFloat32(at, true) },
  [ELEMENT.uint8]: { width: 1, read: (view, at) => view.getUint8(at) },
  [ELEMENT.int8]: { width: 1, read: (view, at) => view.getInt8(at) },
  [ELEMENT.int32]: { width: 4, read: (view, at) => view.getInt32(at, true) },
  [ELEMENT.int64]: { width: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  [ELEMENT.bool]: { width: 1, read: (view, at) => view.getUint8(at) },
  [ELEMENT.double]: { width: 8, read: (view, at) => view.getFloat64(at, true) },
};

/**
 * Decodes a TensorProto.
 * @throws ImportRejectedError for external data, an element type that is not supported, or a number of elements that differs
 *   from the shape.
 */
export function readTensor(bytes: Uint8Array): OnnxTensor {
  const dims: number[] = [];
  const values: number[] = [];
  const texts: string[] = [];
  let elementType = 0;
  let raw: Uint8Array | null = null;
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 1) appendIntegers(cursor, dims);
    else if (cursor.field === 2) elementType = integerOf(cursor);
    else if (cursor.field === 6) texts.push(textOf(cursor));
    else if (cursor.field === 9) raw = bytesOf(cursor);
    else appendTyped(cursor, values);
  }
  rejectExternalData(bytes);
  const reader = RAW[elementType];
  if (reader === undefined && elementType !== ELEMENT.string) {
    throw new ImportRejectedError("unsupported", `a tensor of element type ${elementType} is not read`);
  }
  if (raw !== null && reader !== undefined) appendRaw(raw, reader, values);
  const size = dims.reduce((product, dim) => product * dim, 1);
  const held = elementType === ELEMENT.string ? texts.length : values.length;
  if (size !== held) {
    throw new ImportRejectedError("malformed", `a tensor of shape [${dims.join(", ")}] holds ${held} elements`);
  }
  return { elementType, dims, values, texts };
}

/** @throws ImportRejectedError when the TensorProto keeps its data in another file. */
export function rejectExternalData(bytes: Uint8Array): void {
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 13 || (cursor.field === 14 && integerOf(cursor) !== 0)) {
      throw new ImportRejectedError("unsafe", "the file keeps tensor data outside itself (external data)");
    }
  }
}

function appendTyped(cursor: WireCursor, values: number[]): void {
  if (cursor.field === 4) appendFloats(cursor, values);
  else if (cursor.field === 5 || cursor.field === 7) appendIntegers(cursor, values);
  else if (cursor.field === 10) appendDoubles(cursor, values);
}

function appendRaw(
  raw: Uint8Array,
  reader: { width: number; read: (view: DataView, at: number) => number },
  to: number[],
) {
  if (raw.length % reader.width !== 0) throw new ImportRejectedError("malformed", "raw tensor data of a broken length");
  if (raw.length / reader.width > MAX_ELEMENTS) {
    throw new ImportRejectedError("unsafe", `a tensor of more than ${MAX_ELEMENTS} elements`);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let at = 0; at < raw.length; at += reader.width) to.push(reader.read(view, at));
}
