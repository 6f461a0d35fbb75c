import {
  ModelProtoSchema,
  TensorProto_DataType,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "@bellwether/gen/onnx/onnx_pb";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";

/** A model.onnx with a second output: the sums of the trees of all classes, float32 `[rows, classes]`. */
export interface OnnxWithMargins {
  readonly onnx: Uint8Array;
  readonly marginsName: string;
}

/**
 * Adds the input of the softmax as a second output to a file of `writeOnnxClassProbability`. The first output is
 * computed as before.
 * @param classes Number of classes.
 */
export function withClassMargins(onnx: Uint8Array, classes: number): OnnxWithMargins {
  const file = fromBinary(ModelProtoSchema, onnx);
  const marginsName = file.graph?.node[0]?.output[0] ?? "";
  const dim = [
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimParam", value: "rows" } }),
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(classes) } }),
  ];
  const shape = create(TensorShapeProtoSchema, { dim });
  const tensor = create(TypeProto_TensorSchema, { elemType: TensorProto_DataType.FLOAT, shape });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } });
  file.graph?.output.push(create(ValueInfoProtoSchema, { name: marginsName, type }));
  return { onnx: toBinary(ModelProtoSchema, file), marginsName };
}
