import { MAX_BATCH_ROWS } from "@bellwether/contract/limits";
import { nearestName } from "@bellwether/contract/nearest-name";
import type {
  InferTensorContents,
  ModelInferRequest,
  ModelInferRequest_InferInputTensor,
} from "@bellwether/gen/inference/grpc_service_pb";
import { BYTES, type ContentsField, DATATYPES, NUMBER_TYPES, type NumberType } from "./datatypes.ts";
import { TensorError } from "./tensor-error.ts";

/** An input tensor of a request. Its contents are read when they are asked for. */
export interface InputTensor {
  readonly name: string;
  readonly datatype: string;
  /** Path in the request: `inputs[0]`. */
  readonly path: string;
  readonly rows: number;
  /** Number of elements of a row. */
  readonly width: number;
  /** Returns the elements in row-major order, `[rows × width]`. @throws TensorError */
  readonly numbers: () => Float32Array | Float64Array;
  /** Returns the texts in row-major order, `[rows × width]`. @throws TensorError */
  readonly texts: () => string[];
}

const SHOWN = 80;

/** Returns the tensors of a request, each name once and all with the same number of rows. @throws TensorError */
export function inputTensors(request: ModelInferRequest): InputTensor[] {
  const { inputs, rawInputContents } = request;
  if (inputs.length === 0) throw new TensorError("inputs", "the request has no tensor");
  const isRaw = rawInputContents.length > 0;
  if (isRaw && rawInputContents.length !== inputs.length)
    throw new TensorError(
      "raw_input_contents",
      `has ${rawInputContents.length} entries for ${inputs.length} inputs; send one for each input, or none`,
    );
  const names = new Set<string>();
  const tensors = inputs.map((input, i) => {
    const path = `inputs[${i}]`;
    if (names.has(input.name)) throw new TensorError(`${path}.name`, `"${shown(input.name)}" is sent twice`);
    names.add(input.name);
    return inputTensor(input, path, isRaw ? { bytes: rawInputContents[i], path: `raw_input_contents[${i}]` } : null);
  });
  const [first] = tensors;
  for (const { path, rows, name } of tensors)
    if (first !== undefined && rows !== first.rows)
      throw new TensorError(
        `${path}.shape`,
        `"${shown(name)}" has ${rows} rows, but "${shown(first.name)}" has ${first.rows}`,
      );
  return tensors;
}

const shown = (name: string): string => name.slice(0, SHOWN).toWellFormed();

interface RawContents {
  readonly bytes: Uint8Array | undefined;
  readonly path: string;
}

function inputTensor(input: ModelInferRequest_InferInputTensor, path: string, raw: RawContents | null): InputTensor {
  const { name, datatype, shape, parameters, contents } = input;
  const type = NUMBER_TYPES.get(datatype);
  if (type === undefined && datatype !== BYTES) {
    const near = nearestName(datatype, DATATYPES);
    throw new TensorError(
      `${path}.datatype`,
      `"${shown(datatype)}" of "${shown(name)}" is not a datatype${near ? `; did you mean ${near}?` : `: ${DATATYPES.join(", ")}`}`,
    );
  }
  const [parameter] = Object.keys(parameters);
  if (parameter !== undefined)
    throw new TensorError(
      `${path}.parameters`,
      `"${shown(parameter)}" is not supported${parameter.startsWith("shared_memory") ? "; send the contents in the request" : ""}`,
    );
  const { rows, width } = sizeOf(shape, `${path}.shape`, name);
  if (raw !== null && contents !== undefined && usedFields(contents).length > 0)
    throw new TensorError(
      `${path}.contents`,
      "the request has raw_input_contents; send contents in one of the two forms",
    );
  const count = rows * width;
  const tensor = { name, datatype, path, rows, width };
  return {
    ...tensor,
    numbers() {
      if (type === undefined) throw wrongDatatype(tensor, "numbers");
      return raw === null
        ? typedNumbers(contents, type, { ...tensor, count })
        : rawNumbers(raw, type, { ...tensor, count });
    },
    texts() {
      if (type !== undefined) throw wrongDatatype(tensor, "texts");
      return raw === null ? typedTexts(contents, { ...tensor, count }) : rawTexts(raw, { ...tensor, count });
    },
  };
}

type Named = Pick<InputTensor, "name" | "datatype" | "path">;
type Counted = Named & { readonly count: number };

const wrongDatatype = ({ name, datatype, path }: Named, expected: "numbers" | "texts"): TensorError =>
  new TensorError(
    `${path}.datatype`,
    `"${shown(name)}" has ${datatype}; expected ${expected === "texts" ? BYTES : "numbers, for example FP64"}`,
  );

/** Rows and width of a shape [n] or [n, width]. */
function sizeOf(shape: readonly bigint[], path: string, name: string): { rows: number; width: number } {
  const dims = shape.map(Number);
  const [rows, width = 1] = dims;
  const text = `[${dims.slice(0, 8).join(", ")}]`;
  if (rows === undefined || dims.length > 2)
    throw new TensorError(
      path,
      `${text} of "${shown(name)}" has ${dims.length} dimensions; expected [rows] or [rows, columns]`,
    );
  if (rows < 1 || rows > MAX_BATCH_ROWS)
    throw new TensorError(path, `${text} of "${shown(name)}": rows are ${rows}; expected 1 to ${MAX_BATCH_ROWS}`);
  if (width < 1 || width > MAX_WIDTH)
    throw new TensorError(path, `${text} of "${shown(name)}": columns are ${width}; expected 1 to ${MAX_WIDTH}`);
  return { rows, width };
}

/** Maximum number of columns of one tensor: more features than a model may have. */
const MAX_WIDTH = 65_536;

function usedFields(contents: InferTensorContents): ContentsField[] {
  const fields: readonly ContentsField[] = [
    "boolContents",
    "intContents",
    "int64Contents",
    "uintContents",
    "uint64Contents",
    "fp32Contents",
    "fp64Contents",
    "bytesContents",
  ];
  return fields.filter((field) => contents[field].length > 0);
}

/** Name of a field in the proto: `fp32_contents`. */
const protoName = (field: ContentsField): string => field.replace("Contents", "_contents");

/** Returns the elements of the field that belongs to the datatype. @throws TensorError when another field is used */
function contentsOf(
  contents: InferTensorContents | undefined,
  field: ContentsField,
  { name, datatype, path, count }: Counted,
): readonly unknown[] {
  const other = contents && usedFields(contents).find((used) => used !== field);
  if (other !== undefined)
    throw new TensorError(`${path}.contents.${protoName(other)}`, `${datatype} is sent in ${protoName(field)}`);
  const values = contents?.[field] ?? [];
  if (values.length !== count)
    throw new TensorError(
      `${path}.contents.${protoName(field)}`,
      `"${shown(name)}" has ${values.length} elements; its shape has ${count}`,
    );
  return values;
}

function typedNumbers(contents: InferTensorContents | undefined, type: NumberType, tensor: Counted): Float64Array {
  const { datatype, path } = tensor;
  if (type.field === null) throw new TensorError(`${path}.contents`, `${datatype} is sent in raw_input_contents only`);
  const values = contentsOf(contents, type.field, tensor);
  const numbers = new Float64Array(tensor.count);
  for (const [i, value] of values.entries()) {
    const number = exactNumber(value, tensor, i);
    if (type.range !== null && (number < type.range[0] || number > type.range[1]))
      throw new TensorError(
        `${path}.contents`,
        `element ${i} is ${number}; ${datatype} has ${type.range.join(" to ")}`,
      );
    numbers[i] = number;
  }
  return numbers;
}

/** @throws TensorError for an integer that a double cannot hold exactly */
function exactNumber(value: unknown, { name, path }: Named, element: number): number {
  const number = Number(value);
  if (typeof value === "bigint" && !Number.isSafeInteger(number))
    throw new TensorError(
      `${path}.contents`,
      `element ${element} of "${shown(name)}" is ${value}, which cannot be computed with exactly; expected at most 9007199254740991`,
    );
  return number;
}

function rawNumbers({ bytes, path }: RawContents, type: NumberType, tensor: Counted): Float32Array | Float64Array {
  const { name, datatype, count } = tensor;
  const length = bytes?.byteLength ?? 0;
  if (bytes === undefined || length !== count * type.bytes)
    throw new TensorError(
      path,
      `"${shown(name)}" has ${length} bytes; ${count} elements of ${datatype} have ${count * type.bytes}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const numbers = datatype === "FP32" ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = exactNumber(type.read(view, i * type.bytes), { ...tensor, path }, i);
  return numbers;
}

function typedTexts(contents: InferTensorContents | undefined, tensor: Counted): string[] {
  const values = contentsOf(contents, "bytesContents", tensor);
  return values.map((value, i) => textOf(value as Uint8Array, `${tensor.path}.contents.bytes_contents[${i}]`));
}

/** Returns the texts of valid raw contents of BYTES. */
export function readRawTexts(raw: Uint8Array): string[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < raw.byteLength; ) {
    const start = at + LENGTH_BYTES;
    at = start + view.getUint32(at, true);
    texts.push(UTF8.decode(raw.subarray(start, at)));
  }
  return texts;
}

const LENGTH_BYTES = 4;

function rawTexts({ bytes, path }: RawContents, { name, count }: Counted): string[] {
  const texts: string[] = [];
  const given = bytes ?? new Uint8Array();
  const view = new DataView(given.buffer, given.byteOffset, given.byteLength);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + LENGTH_BYTES;
    const end = start <= given.byteLength ? start + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > given.byteLength)
      throw new TensorError(path, `"${shown(name)}" ends in element ${i}; its shape has ${count} elements`);
    texts.push(textOf(given.subarray(start, end), `${path}, element ${i}`));
    at = end;
  }
  if (at !== given.byteLength)
    throw new TensorError(path, `"${shown(name)}" has ${given.byteLength - at} bytes after its ${count} elements`);
  return texts;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new TensorError(path, "the bytes are not UTF-8");
  }
}
