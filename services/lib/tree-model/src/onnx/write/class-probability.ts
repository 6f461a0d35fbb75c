import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "@bellwether/gen/onnx/onnx_pb";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { TreeModel } from "../../trees/tree-model.ts";
import { writeOnnxTreeModelWithSets } from "./set-chains.ts";

/**
 * Writes a model of several classes whose only output is the probability of one class: trees, softmax, and a
 * gather of the column of that class.
 * @param column Index of the class, from 0.
 */
export function writeOnnxClassProbability(model: TreeModel, column: number): Uint8Array {
  const file = fromBinary(ModelProtoSchema, writeOnnxTreeModelWithSets(model));
  const graph = file.graph;
  if (graph === undefined) return toBinary(ModelProtoSchema, file);
  const axis = create(AttributeProtoSchema, { name: "axis", type: AttributeProto_AttributeType.INT, i: 1n });
  const softmax = { opType: "Softmax", input: ["output"], output: ["probabilities"], attribute: [axis] };
  const gather = { opType: "Gather", input: ["probabilities", "class"], output: ["probability"], attribute: [axis] };
  graph.node.push(create(NodeProtoSchema, softmax), create(NodeProtoSchema, gather));
  const dataType = TensorProto_DataType.INT64;
  graph.initializer.push(
    create(TensorProtoSchema, { name: "class", dataType, dims: [1n], int64Data: [BigInt(column)] }),
  );
  const dim = [
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimParam", value: "rows" } }),
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: 1n } }),
  ];
  const shape = create(TensorShapeProtoSchema, { dim });
  const tensor = create(TypeProto_TensorSchema, { elemType: TensorProto_DataType.FLOAT, shape });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } });
  graph.output = [create(ValueInfoProtoSchema, { name: "probability", type })];
  return toBinary(ModelProtoSchema, file);
}
