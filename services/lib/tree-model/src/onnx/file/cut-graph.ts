import { KNOWN_DOMAINS } from "./graph-safety.ts";
import type { OnnxFile, OnnxNode } from "./onnx-file.ts";

/** An input of a graph that was cut out of a file. */
export interface CutInput {
  readonly name: string;
  /** Element type: a number of TensorProto.DataType. */
  readonly elementType: number;
  /** Columns of the tensor `[rows, columns]`. */
  readonly columns: number;
}

/**
 * Builds an ONNX model of only those operators of a file that lead from the given tensors to one tensor. So
 * ONNX Runtime never loads an operator that the reader did not follow.
 * @param inputs Tensors that become the graph inputs; operators before them are left out.
 * @param output Tensor that becomes the only graph output.
 */
export function cutGraph(file: OnnxFile, inputs: readonly CutInput[], output: string): Uint8Array<ArrayBuffer> {
  const given = new Set(inputs.map((input) => input.name));
  const needed = new Set([output]);
  const kept: OnnxNode[] = [];
  for (const node of file.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name) && !given.has(name))) continue;
    kept.unshift(node);
    for (const name of node.inputs) needed.add(name);
  }
  const initializers = [...file.initializers].filter(([name]) => needed.has(name) && !given.has(name));
  const graph = join([
    ...kept.map((node) => bytesField(1, node.body)),
    bytesField(2, text("cut")),
    ...initializers.map(([, tensor]) => bytesField(5, tensor)),
    ...inputs.map((input) => bytesField(11, valueInfo(input))),
    bytesField(12, bytesField(1, text(output))),
  ]);
  const opsets = [...file.opsets]
    .filter(([domain]) => KNOWN_DOMAINS.has(domain))
    .map(([domain, version]) => bytesField(8, join([bytesField(1, text(domain)), varintField(2, version)])));
  return join([varintField(1, file.irVersion), bytesField(7, graph), ...opsets]);
}

/** Encodes the ValueInfoProto of a tensor `[any number of rows, columns]`. */
function valueInfo(input: CutInput): Uint8Array<ArrayBuffer> {
  const anyRows = bytesField(1, bytesField(2, text("rows")));
  const shape = join([anyRows, bytesField(1, varintField(1, input.columns))]);
  const tensor = join([varintField(1, input.elementType), bytesField(2, shape)]);
  return join([bytesField(1, text(input.name)), bytesField(2, bytesField(1, tensor))]);
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

function varintField(field: number, value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

function bytesField(field: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return join([Uint8Array.from([...varint(field * 8 + 2), ...varint(payload.length)]), payload]);
}

/** Encodes an integer ≥ 0 as a protobuf varint. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
