import type { InferTensorContents } from "@bellwether/gen/inference/grpc_service_pb";

/** Names of the fields of a tensor's contents. */
export type ContentsField = Exclude<keyof InferTensorContents, "$typeName" | "$unknown">;

/** A datatype whose elements are numbers of a fixed size. */
export interface NumberType {
  readonly bytes: number;
  /** Field of typed contents. Null: the datatype is sent raw only. */
  readonly field: ContentsField | null;
  /** Smallest and largest integer of the datatype. Null: the field of typed contents cannot hold others. */
  readonly range: readonly [min: number, max: number] | null;
  /** Reads one little-endian element. */
  readonly read: (view: DataView, at: number) => number | bigint;
  /** Writes one little-endian element; an integer that does not fit becomes another one. */
  readonly write: (view: DataView, at: number, value: number) => void;
}

/** A number that is not an integer becomes 0, which is another value. */
const integerOf = (value: number): bigint => (Number.isInteger(value) ? BigInt(value) : 0n);

/** Datatypes of numbers, by their names in the protocol. BYTES is the only other one. */
export const NUMBER_TYPES: ReadonlyMap<string, NumberType> = new Map<string, NumberType>([
  [
    "BOOL",
    {
      bytes: 1,
      field: "boolContents",
      range: [0, 1],
      read: (view, at) => view.getUint8(at),
      write: (view, at, value) => view.setUint8(at, value),
    },
  ],
  [
    "UINT8",
    {
      bytes: 1,
      field: "uintContents",
      range: [0, 255],
      read: (view, at) => view.getUint8(at),
      write: (view, at, value) => view.setUint8(at, value),
    },
  ],
  [
    "UINT16",
    {
      bytes: 2,
      field: "uintContents",
      range: [0, 65_535],
      read: (view, at) => view.getUint16(at, true),
      write: (view, at, value) => view.setUint16(at, value, true),
    },
  ],
  [
    "UINT32",
    {
      bytes: 4,
      field: "uintContents",
      range: null,
      read: (view, at) => view.getUint32(at, true),
      write: (view, at, value) => view.setUint32(at, value, true),
    },
  ],
  [
    "UINT64",
    {
      bytes: 8,
      field: "uint64Contents",
      range: null,
      read: (view, at) => view.getBigUint64(at, true),
      write: (view, at, value) => view.setBigUint64(at, integerOf(value), true),
    },
  ],
  [
    "INT8",
    {
      bytes: 1,
      field: "intContents",
      range: [-128, 127],
      read: (view, at) => view.getInt8(at),
      write: (view, at, value) => view.setInt8(at, value),
    },
  ],
  [
    "INT16",
    {
      bytes: 2,
      field: "intContents",
      range: [-32_768, 32_767],
      read: (view, at) => view.getInt16(at, true),
      write: (view, at, value) => view.setInt16(at, value, true),
    },
  ],
  [
    "INT32",
    {
      bytes: 4,
      field: "intContents",
      range: null,
      read: (view, at) => view.getInt32(at, true),
      write: (view, at, value) => view.setInt32(at, value, true),
    },
  ],
  [
    "INT64",
    {
      bytes: 8,
      field: "int64Contents",
      range: null,
      read: (view, at) => view.getBigInt64(at, true),
      write: (view, at, value) => view.setBigInt64(at, integerOf(value), true),
    },
  ],
  [
    "FP16",
    {
      bytes: 2,
      field: null,
      range: null,
      read: (view, at) => view.getFloat16(at, true),
      write: (view, at, value) => view.setFloat16(at, value, true),
    },
  ],
  [
    "FP32",
    {
      bytes: 4,
      field: "fp32Contents",
      range: null,
      read: (view, at) => view.getFloat32(at, true),
      write: (view, at, value) => view.setFloat32(at, value, true),
    },
  ],
  [
    "FP64",
    {
      bytes: 8,
      field: "fp64Contents",
      range: null,
      read: (view, at) => view.getFloat64(at, true),
      write: (view, at, value) => view.setFloat64(at, value, true),
    },
  ],
]);

/** The datatype of texts: each element is its length in 4 bytes, little-endian, and its bytes. */
export const BYTES = "BYTES";

/** Names of all datatypes. */
export const DATATYPES: readonly string[] = [...NUMBER_TYPES.keys(), BYTES];
