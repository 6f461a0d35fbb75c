import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "@bellwether/gen/onnx/onnx_pb";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";

/**
 * ONNX files for tests, written with the public protobuf definitions and therefore independent of the readers
 * under test.
 */

/** The value of an attribute in tests. */
export type FixtureAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly tensor: TensorProto }
  /** An empty subgraph. */
  | { readonly graph: true };

/** One operator. */
export interface FixtureNode {
  readonly opType: string;
  /** Operator-set domain. Default: "ai.onnx.ml". */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, FixtureAttribute>>;
}

/** A graph input or output: a tensor of `[n, columns]`. The default element type is 1 (float32). */
export interface FixtureValue {
  readonly name: string;
  readonly columns?: number;
  readonly elementType?: number;
}

/** A complete model file. */
export interface FixtureModel {
  readonly nodes: readonly FixtureNode[];
  readonly inputs: readonly FixtureValue[];
  readonly outputs: readonly FixtureValue[];
  readonly initializers?: readonly TensorProto[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Version of ai.onnx.ml. Default: 3. */
  readonly mlVersion?: number;
}

/** Serializes the model file. */
export function onnxFixture(model: FixtureModel): Uint8Array<ArrayBuffer> {
  const graph = create(GraphProtoSchema, {
    name: "fixture",
    node: model.nodes.map((node) =>
      create(NodeProtoSchema, {
        domain: node.domain ?? "ai.onnx.ml",
        opType: node.opType,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes ?? {}).map(([name, value]) => attributeOf(name, value)),
      }),
    ),
    input: model.inputs.map(tensorValue),
    output: model.outputs.map(tensorValue),
    initializer: [...(model.initializers ?? [])],
  });
  const opsets = [
    { domain: "", version: 17n },
    { domain: "ai.onnx.ml", version: BigInt(model.mlVersion ?? 3) },
  ];
  const file = create(ModelProtoSchema, {
    irVersion: 10n,
    producerName: "fixture",
    opsetImport: opsets.map((opset) => create(OperatorSetIdProtoSchema, opset)),
    metadataProps: Object.entries(model.metadata ?? {}).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph,
  });
  return toBinary(ModelProtoSchema, file);
}

/** Returns a constant tensor; `dataType` 1 = float32, 7 = int64, 11 = double, 2 = uint8. */
export function tensorFixture(
  name: string,
  dataType: number,
  dims: readonly number[],
  values: readonly number[],
): TensorProto {
  const init: MessageInitShape<typeof TensorProtoSchema> = { name, dataType, dims: dims.map(BigInt) };
  if (dataType === 1) init.floatData = [...values];
  else if (dataType === 11) init.doubleData = [...values];
  else if (dataType === 7) init.int64Data = values.map(BigInt);
  else init.int32Data = [...values];
  return create(TensorProtoSchema, init);
}

/** Returns a constant tensor of raw little-endian bytes. */
export function rawTensorFixture(
  name: string,
  dataType: number,
  dims: readonly number[],
  rawData: Uint8Array<ArrayBuffer>,
): TensorProto {
  return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData });
}

/** Returns a tensor that refers to data in another file. */
export function externalTensorFixture(name: string, location: string): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: 1,
    dims: [1n],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [create(StringStringEntryProtoSchema, { key: "location", value: location })],
  });
}

function attributeOf(name: string, value: FixtureAttribute): AttributeProto {
  return create(AttributeProtoSchema, { name, ...attributeValue(value) });
}

function attributeValue(value: FixtureAttribute): MessageInitShape<typeof AttributeProtoSchema> {
  const encoder = new TextEncoder();
  if ("int" in value) return { type: AttributeType.INT, i: BigInt(value.int) };
  if ("float" in value) return { type: AttributeType.FLOAT, f: value.float };
  if ("text" in value) return { type: AttributeType.STRING, s: encoder.encode(value.text) };
  if ("ints" in value) return { type: AttributeType.INTS, ints: value.ints.map(BigInt) };
  if ("floats" in value) return { type: AttributeType.FLOATS, floats: [...value.floats] };
  if ("texts" in value)
    return { type: AttributeType.STRINGS, strings: value.texts.map((text) => encoder.encode(text)) };
  if ("graph" in value) return { type: AttributeType.GRAPH, g: create(GraphProtoSchema, { name: "inner" }) };
  return { type: AttributeType.TENSOR, t: value.tensor };
}

function tensorValue(value: FixtureValue): ValueInfoProto {
  const rows = create(TensorShapeProto_DimensionSchema, { value: { case: "dimParam", value: "n" } });
  const dim = [rows];
  if (value.columns !== undefined) {
    dim.push(create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(value.columns) } }));
  }
  const shape = create(TensorShapeProtoSchema, { dim });
  const tensor = create(TypeProto_TensorSchema, { elemType: value.elementType ?? 1, shape });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } });
  return create(ValueInfoProtoSchema, { name: value.name, type });
}
