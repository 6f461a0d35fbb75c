import type { ModelInferRequestSchema } from "@bellwether/gen/inference/grpc_service_pb";
import { jsonOfBytes } from "@bellwether/mesh/rest/read-body";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { BYTES, NUMBER_TYPES, type NumberType } from "./datatypes.ts";
import { rawTexts } from "./output-tensor.ts";
import { TensorError } from "./tensor-error.ts";

/** The body of an infer request: JSON, after which the contents of binary tensors can follow. */
export interface InferBody {
  readonly bytes: Uint8Array;
  /** Value of Inference-Header-Content-Length, the number of bytes of the JSON. Undefined: all is JSON. */
  readonly headerLength: string | undefined;
  readonly model: string;
  readonly version: string;
}

/** An infer request, and the form in which its outputs are wanted. */
export interface InferRequest {
  readonly request: MessageInitShape<typeof ModelInferRequestSchema>;
  /** Whether an output is wanted as bytes after the JSON. */
  readonly wantsBytes: (output: string) => boolean;
}

/** The model is that of the path; the KServe SDK repeats it. */
const MEMBERS = ["id", "parameters", "inputs", "outputs", "model_name", "model_version"];
const INPUT_MEMBERS = ["name", "shape", "datatype", "parameters", "data"];
const OUTPUT_MEMBERS = ["name", "parameters"];
const BINARY_SIZE = "binary_data_size";
const BINARY_DATA = "binary_data";
const BINARY_OUTPUT = "binary_data_output";

/** Reads an infer request. All tensors become raw contents. @throws TensorError */
export function inferRequest({ bytes, headerLength, model, version }: InferBody): InferRequest {
  const end = headerLength === undefined ? bytes.length : lengthOf(headerLength, bytes.length);
  const json = objectOf(parseJson(bytes.subarray(0, end)), "the body");
  checkMembers(json, MEMBERS, "");
  checkRepeated(json.model_name, "model_name", model);
  checkRepeated(json.model_version, "model_version", version);
  const { [BINARY_OUTPUT]: all, ...parameters } = optionalObject(json.parameters, "parameters");
  rejectParameters(parameters, "parameters");
  const allBytes = flagOf(all, `parameters.${BINARY_OUTPUT}`) ?? false;
  const bytesByOutput = new Map<string, boolean>();
  const outputs = listOf(json.outputs ?? [], "outputs").map((value, i) => {
    const output = objectOf(value, `outputs[${i}]`);
    checkMembers(output, OUTPUT_MEMBERS, `outputs[${i}].`);
    const { [BINARY_DATA]: asBytes, ...others } = optionalObject(output.parameters, `outputs[${i}].parameters`);
    rejectParameters(others, `outputs[${i}].parameters`);
    const name = textOf(output.name, `outputs[${i}].name`);
    bytesByOutput.set(name, flagOf(asBytes, `outputs[${i}].parameters.${BINARY_DATA}`) ?? allBytes);
    return { name };
  });
  let at = end;
  const rawInputContents: Uint8Array[] = [];
  const inputs = listOf(json.inputs ?? [], "inputs").map((value, i) => {
    const path = `inputs[${i}]`;
    const input = objectOf(value, path);
    checkMembers(input, INPUT_MEMBERS, `${path}.`);
    const { [BINARY_SIZE]: size, ...others } = optionalObject(input.parameters, `${path}.parameters`);
    rejectParameters(others, `${path}.parameters`);
    const datatype = textOf(input.datatype, `${path}.datatype`);
    const shape = listOf(input.shape, `${path}.shape`).map((dim) => BigInt(integerOf(dim, `${path}.shape`)));
    if (size === undefined) rawInputContents.push(rawOfJson(datatype, input.data, shape, `${path}.data`));
    else {
      const count = integerOf(size, `${path}.parameters.${BINARY_SIZE}`);
      if (count < 0) throw new TensorError(`${path}.parameters.${BINARY_SIZE}`, `is ${count}; expected 0 or more`);
      const next = at + count;
      if (input.data !== undefined) throw new TensorError(`${path}.data`, `is sent in JSON and as bytes; send it once`);
      if (next > bytes.length)
        throw new TensorError(
          `${path}.parameters.${BINARY_SIZE}`,
          `the body ends before the ${count} bytes of the tensor`,
        );
      rawInputContents.push(bytes.slice(at, next));
      at = next;
    }
    return { name: textOf(input.name, `${path}.name`), datatype, shape };
  });
  if (at !== bytes.length)
    throw new TensorError("inputs", `${bytes.length - at} bytes of the body belong to no tensor`);
  return {
    request: {
      ...{ modelName: model, modelVersion: version, inputs, outputs, rawInputContents },
      ...(json.id !== undefined && { id: idOf(json.id) }),
    },
    wantsBytes: (output) => bytesByOutput.get(output) ?? allBytes,
  };
}

/** Reads the request of an index; the body may be empty. @throws TensorError */
export function indexRequest(bytes: Uint8Array): { ready: boolean } {
  if (bytes.length === 0) return { ready: false };
  const json = objectOf(parseJson(bytes), "the body");
  checkMembers(json, ["ready"], "");
  return { ready: flagOf(json.ready, "ready") ?? false };
}

function lengthOf(header: string, most: number): number {
  const length = /^\d{1,9}$/.test(header) ? Number(header) : Number.POSITIVE_INFINITY;
  if (length <= most) return length;
  throw new TensorError(
    "Inference-Header-Content-Length",
    `is "${header.slice(0, 20)}"; expected a number up to ${most}, the size of the body`,
  );
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads JSON as the other REST paths do: a name that is given twice and half a character are errors. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return jsonOfBytes(bytes);
  } catch (cause) {
    const reason = cause instanceof ConnectError ? cause.rawMessage : String(cause);
    if (!/NaN|Infinity/.test(reason)) throw cause;
    throw new TensorError("the body", `${reason.slice(0, 200).toWellFormed()}; send null for a value that is missing`);
  }
}

function objectOf(value: unknown, path: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value));
  throw new TensorError(path, "is not a JSON object");
}

const optionalObject = (value: unknown, path: string): JsonObject => (value === undefined ? {} : objectOf(value, path));

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TensorError(path, "is not a JSON array");
}

function textOf(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw new TensorError(path, "is not a text");
}

/** Maximum number of characters of an id, which the answer repeats. */
const MAX_ID = 1_024;

function idOf(value: unknown): string {
  const id = textOf(value, "id");
  if (id.length > MAX_ID) throw new TensorError("id", `has ${id.length} characters; expected at most ${MAX_ID}`);
  return id;
}

function integerOf(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TensorError(path, `is ${JSON.stringify(value)?.slice(0, 40)}; expected an integer`);
}

function flagOf(value: unknown, path: string): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw new TensorError(path, "is not true or false");
}

function checkMembers(json: JsonObject, known: readonly string[], prefix: string): void {
  const other = Object.keys(json).find((name) => !known.includes(name));
  if (other !== undefined)
    throw new TensorError(
      `${prefix}${other.slice(0, 80).toWellFormed()}`,
      `is not a member; known are ${known.join(", ")}`,
    );
}

function checkRepeated(value: unknown, path: string, expected: string): void {
  if (value === undefined || value === null || value === expected) return;
  throw new TensorError(path, `is ${JSON.stringify(value)?.slice(0, 80)}; the path names "${expected}"`);
}

function rejectParameters(parameters: JsonObject, path: string): void {
  const [name] = Object.keys(parameters);
  if (name !== undefined)
    throw new TensorError(path, `"${name.slice(0, 80).toWellFormed()}" is not supported; leave it out`);
}

/** Returns the elements of a tensor in JSON, nested or flat, as raw contents. @throws TensorError */
function rawOfJson(datatype: string, data: unknown, shape: readonly bigint[], path: string): Uint8Array {
  const elements = flat(listOf(data, path), path);
  const count = shape.reduce((product, dim) => product * dim, 1n);
  // The error of a shape that cannot be used is that of the other forms of contents.
  if (shape.length > 0 && shape.every((dim) => dim > 0n) && count !== BigInt(elements.length))
    throw new TensorError(path, `has ${elements.length} elements; the shape [${shape.join(", ")}] has ${count}`);
  if (datatype === BYTES)
    return rawTexts(
      elements.map((element, i) => {
        if (element === null) return "";
        if (typeof element === "string") return element;
        throw new TensorError(`${path}[${i}]`, "is not a text");
      }),
    );
  const type = NUMBER_TYPES.get(datatype);
  // The error of an unknown datatype is that of the other forms of contents.
  if (type === undefined) return new Uint8Array();
  const raw = new Uint8Array(elements.length * type.bytes);
  const view = new DataView(raw.buffer);
  for (const [i, element] of elements.entries()) {
    const value = numberOf(element, datatype, `${path}[${i}]`);
    type.write(view, i * type.bytes, value);
    checkKept(type, view, i, value, datatype, path);
  }
  return raw;
}

/** An integer that does not fit its datatype is an error; a fraction in FP16 or FP32 is rounded, as everywhere. */
function checkKept(type: NumberType, view: DataView, i: number, value: number, datatype: string, path: string): void {
  if (datatype.startsWith("FP")) return;
  if (Number(type.read(view, i * type.bytes)) !== value)
    throw new TensorError(`${path}[${i}]`, `${value} is not a value of ${datatype}`);
}

function numberOf(element: unknown, datatype: string, path: string): number {
  // A larger integer was rounded when the JSON was parsed, so its digits and its exact value are lost.
  if (typeof element === "number" && !datatype.startsWith("FP") && Math.abs(element) > Number.MAX_SAFE_INTEGER)
    throw new TensorError(
      path,
      `is beyond ${Number.MAX_SAFE_INTEGER}, up to which integers can be computed with exactly; send a smaller one, or FP64`,
    );
  if (typeof element === "number") return element;
  if (typeof element === "boolean" && datatype === "BOOL") return element ? 1 : 0;
  if (element === null && datatype.startsWith("FP")) return Number.NaN;
  throw new TensorError(
    path,
    element === null
      ? `${datatype} has no missing values; send FP64`
      : `is ${JSON.stringify(element)?.slice(0, 40)}; expected a number`,
  );
}

/** Maximum depth of nested arrays. */
const MAX_DEPTH = 2;

function flat(values: readonly unknown[], path: string, depth = 1): unknown[] {
  return values.flatMap((value) => {
    if (!Array.isArray(value)) return [value];
    if (depth >= MAX_DEPTH) throw new TensorError(path, `is nested more than ${MAX_DEPTH} times`);
    return flat(value, path, depth + 1);
  });
}
