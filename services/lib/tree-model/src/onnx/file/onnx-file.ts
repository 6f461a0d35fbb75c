import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { MAX_MODEL_BYTES } from "../../trees/limits.ts";
import { BYTES, bytesOf, integerOf, nextField, openMessage, textOf } from "./wire.ts";

/** Limits above what any tree pipeline needs. */
const MAX_OPERATORS = 10_000;
const MAX_NAMES = 100_000;

/** An attribute of an operator. Its value is decoded only when a caller reads it. */
export interface OnnxAttribute {
  readonly name: string;
  /** The encoded AttributeProto. */
  readonly body: Uint8Array;
  /** Whether the attribute contains a subgraph, as in the operators Loop, Scan and If. */
  readonly hasGraph: boolean;
}

/** One operator (NodeProto) of the graph. */
export interface OnnxNode {
  /** Operator-set domain; "" is ai.onnx. */
  readonly domain: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** The encoded NodeProto. */
  readonly body: Uint8Array;
}

/** An input or output of the graph. */
export interface OnnxValue {
  readonly name: string;
  /** "tensor" with its element type and dimensions (null = any size), or the name of another type. */
  readonly kind: "tensor" | "sequence" | "map" | "other";
  readonly elementType: number;
  readonly shape: readonly (number | null)[];
  /** The encoded ValueInfoProto. */
  readonly body: Uint8Array;
}

/** The parts of an ONNX file that a tree model needs. */
export interface OnnxFile {
  readonly irVersion: number;
  readonly producer: string;
  /** Name of the graph; skl2onnx writes "ONNX(RandomForestClassifier)". */
  readonly graphName: string;
  /** Version of each operator set, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** The encoded TensorProto of each initializer, by name. */
  readonly initializers: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads the outline of an ONNX ModelProto. Attribute values and tensors are not decoded and subgraphs are not
 * read. So the work is bounded by the size of the file, and nested messages cannot cause recursion.
 * @throws ImportRejectedError when the bytes are not a valid ONNX model or exceed a limit.
 */
export function readOnnxFile(bytes: Uint8Array): OnnxFile {
  if (bytes.length > MAX_MODEL_BYTES) {
    throw new ImportRejectedError("unsafe", `the file has ${bytes.length} bytes, at most ${MAX_MODEL_BYTES} are read`);
  }
  let irVersion = 0;
  let producer = "";
  let graph: Uint8Array | null = null;
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 1) irVersion = integerOf(cursor);
    else if (cursor.field === 2) producer = textOf(cursor);
    else if (cursor.field === 7) graph = once(graph, bytesOf(cursor), "graph");
    else if (cursor.field === 8) readOpset(bytesOf(cursor), opsets);
    else if (cursor.field === 14) readMetadata(bytesOf(cursor), metadata);
    else if (cursor.field === 25) throw new ImportRejectedError("unsupported", "the file defines functions of its own");
  }
  if (graph === null) throw new ImportRejectedError("malformed", "not an ONNX model: the file holds no graph");
  return { irVersion, producer, opsets, metadata, ...readGraph(graph) };
}

function readGraph(bytes: Uint8Array): Pick<OnnxFile, "graphName" | "nodes" | "inputs" | "outputs" | "initializers"> {
  let graphName = "";
  const nodes: OnnxNode[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const initializers = new Map<string, Uint8Array>();
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 1) nodes.push(readNode(bytesOf(cursor)));
    else if (cursor.field === 2) graphName = textOf(cursor);
    else if (cursor.field === 5) keepOnce(initializers, tensorName(bytesOf(cursor)), bytesOf(cursor), "initializer");
    else if (cursor.field === 11) inputs.push(readValue(bytesOf(cursor)));
    else if (cursor.field === 12) outputs.push(readValue(bytesOf(cursor)));
    else if (cursor.field === 15) throw new ImportRejectedError("unsupported", "the file holds sparse initializers");
    if (nodes.length > MAX_OPERATORS) {
      throw new ImportRejectedError("unsafe", `the graph has more than ${MAX_OPERATORS} operators`);
    }
    if (inputs.length + outputs.length + initializers.size > MAX_NAMES) {
      throw new ImportRejectedError("unsafe", `the graph names more than ${MAX_NAMES} tensors`);
    }
  }
  return { graphName, nodes, inputs, outputs, initializers };
}

function readNode(bytes: Uint8Array): OnnxNode {
  let domain = "";
  let opType = "";
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 1) inputs.push(textOf(cursor));
    else if (cursor.field === 2) outputs.push(textOf(cursor));
    else if (cursor.field === 4) opType = textOf(cursor);
    else if (cursor.field === 5) {
      const attribute = readAttribute(bytesOf(cursor));
      keepOnce(attributes, attribute.name, attribute, `attribute of ${opType}`);
    } else if (cursor.field === 7) domain = textOf(cursor);
    if (inputs.length + outputs.length + attributes.size > MAX_NAMES) {
      throw new ImportRejectedError("unsafe", `an operator names more than ${MAX_NAMES} tensors`);
    }
  }
  return { domain: domain === "ai.onnx" ? "" : domain, opType, inputs, outputs, attributes, body: bytes };
}

function readAttribute(body: Uint8Array): OnnxAttribute {
  let name = "";
  let hasGraph = false;
  const cursor = openMessage(body);
  while (nextField(cursor)) {
    if (cursor.field === 1) name = textOf(cursor);
    else if (cursor.field === 6 || cursor.field === 11) hasGraph = true;
  }
  return { name, body, hasGraph };
}

function readValue(bytes: Uint8Array): OnnxValue {
  let name = "";
  let type: Uint8Array = new Uint8Array();
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 1) name = textOf(cursor);
    else if (cursor.field === 2) type = bytesOf(cursor);
  }
  return { name, ...readType(type), body: bytes };
}

function readType(bytes: Uint8Array): Omit<OnnxValue, "name" | "body"> {
  let kind: OnnxValue["kind"] = "other";
  let elementType = 0;
  const shape: (number | null)[] = [];
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 4) kind = "sequence";
    else if (cursor.field === 5) kind = "map";
    else if (cursor.field === 1) {
      kind = "tensor";
      const tensor = openMessage(bytesOf(cursor));
      while (nextField(tensor)) {
        if (tensor.field === 1) elementType = integerOf(tensor);
        else if (tensor.field === 2) readShape(bytesOf(tensor), shape);
      }
    }
  }
  return { kind, elementType, shape };
}

function readShape(bytes: Uint8Array, shape: (number | null)[]): void {
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field !== 1) continue;
    let size: number | null = null;
    const dimension = openMessage(bytesOf(cursor));
    while (nextField(dimension)) if (dimension.field === 1) size = integerOf(dimension);
    shape.push(size);
    if (shape.length > 16) throw new ImportRejectedError("malformed", "a tensor of more than 16 dimensions");
  }
}

function readOpset(bytes: Uint8Array, opsets: Map<string, number>): void {
  let domain = "";
  let version = 0;
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 1) domain = textOf(cursor);
    else if (cursor.field === 2) version = integerOf(cursor);
  }
  opsets.set(domain === "ai.onnx" ? "" : domain, version);
}

function readMetadata(bytes: Uint8Array, metadata: Map<string, string>): void {
  let key = "";
  let value = "";
  const cursor = openMessage(bytes);
  while (nextField(cursor)) {
    if (cursor.field === 1) key = textOf(cursor);
    else if (cursor.field === 2) value = textOf(cursor);
  }
  metadata.set(key, value);
}

function tensorName(bytes: Uint8Array): string {
  const cursor = openMessage(bytes);
  let name = "";
  while (nextField(cursor)) if (cursor.field === 8 && cursor.wire === BYTES) name = textOf(cursor);
  return name;
}

/**
 * Protobuf merges a message field that occurs twice, but some readers keep the last one. Such a file would
 * mean different models to different readers.
 */
function once(before: Uint8Array | null, value: Uint8Array, what: string): Uint8Array {
  if (before !== null) throw new ImportRejectedError("malformed", `the file holds its ${what} twice`);
  return value;
}

function keepOnce<V>(map: Map<string, V>, name: string, value: V, what: string): void {
  if (map.has(name)) throw new ImportRejectedError("malformed", `${what} "${name}" occurs twice`);
  map.set(name, value);
}
