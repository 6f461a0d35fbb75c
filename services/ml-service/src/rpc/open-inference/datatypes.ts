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
}

/** Datatypes of numbers, by their names in the protocol. BYTES is the only other one. */
export const NUMBER_TYPES: ReadonlyMap<string, NumberType> = new Map<string, NumberType>([
  ["BOOL", { bytes: 1, field: "boolContents", range: [0, 1], read: (view, at) => view.getUint8(at) }],
  ["UINT8", { bytes: 1, field: "uintContents", range: [0, 255], read: (view, at) => view.getUint8(at) }],
  ["UINT16", { bytes: 2, field: "uintContents", range: [0, 65_535], read: (view, at) => view.getUint16(at, true) }],
  ["UINT32", { bytes: 4, field: "uintContents", range: null, read: (view, at) => view.getUint32(at, true) }],
  ["UINT64", { bytes: 8, field: "uint64Contents", range: null, read: (view, at) => view.getBigUint64(at, true) }],
  ["INT8", { bytes: 1, field: "intContents", range: [-128, 127], read: (view, at) => view.getInt8(at) }],
  ["INT16", { bytes: 2, field: "intContents", range: [-32_768, 32_767], read: (view, at) => view.getInt16(at, true) }],
  ["INT32", { bytes: 4, field: "intContents", range: null, read: (view, at) => view.getInt32(at, true) }],
  ["INT64", { bytes: 8, field: "int64Contents", range: null, read: (view, at) => view.getBigInt64(at, true) }],
  ["FP16", { bytes: 2, field: null, range: null, read: (view, at) => view.getFloat16(at, true) }],
  ["FP32", { bytes: 4, field: "fp32Contents", range: null, read: (view, at) => view.getFloat32(at, true) }],
  ["FP64", { bytes: 8, field: "fp64Contents", range: null, read: (view, at) => view.getFloat64(at, true) }],
]);

/** The datatype of texts: each element is its length in 4 bytes, little-endian, and its bytes. */
export const BYTES = "BYTES";

/** Names of all datatypes. */
export const DATATYPES: readonly string[] = [...NUMBER_TYPES.keys(), BYTES];
