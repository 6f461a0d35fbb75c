import { TensorProtoSchema } from "@bellwether/gen/onnx/onnx_pb";
import { externalTensorFixture, rawTensorFixture, tensorFixture } from "@bellwether/testing/onnx-fixture";
import { toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ImportRejectedError } from "../../trees/import-rejected-error.ts";
import { readTensor } from "./tensor.ts";

const bytes = (tensor: ReturnType<typeof tensorFixture>): Uint8Array => toBinary(TensorProtoSchema, tensor);
const raw = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

test.each([
  ["floats", tensorFixture("t", 1, [2, 1], [0.5, -3]), [0.5, -3]],
  ["doubles", tensorFixture("t", 11, [2], [0.1, 1e300]), [0.1, 1e300]],
  ["whole numbers", tensorFixture("t", 7, [3], [-1, 0, 2 ** 40]), [-1, 0, 2 ** 40]],
  ["bytes", tensorFixture("t", 2, [2], [0, 6]), [0, 6]],
  ["raw floats", rawTensorFixture("t", 1, [1], raw(0, 0, 0x80, 0x3f)), [1]],
  ["raw whole numbers", rawTensorFixture("t", 7, [1], raw(254, 255, 255, 255, 255, 255, 255, 255)), [-2]],
  ["a number without a shape", tensorFixture("t", 1, [], [7]), [7]],
])("reads %s", (_, tensor, values) => {
  expect(readTensor(bytes(tensor)).values).toEqual(values);
});

test.each([
  ["fewer elements than its shape says", tensorFixture("t", 1, [3], [1]), /holds 1 elements/],
  ["more elements than its shape says", tensorFixture("t", 1, [0], [1]), /holds 1 elements/],
  ["raw data of a broken length", rawTensorFixture("t", 1, [1], raw(1, 2, 3)), /broken length/],
  ["an element type without a reading", tensorFixture("t", 14, [1], [1]), /element type 14/],
  ["data in another file", externalTensorFixture("t", "weights.bin"), /external data/],
])("rejects %s", (_, tensor, reason) => {
  expect(() => readTensor(bytes(tensor))).toThrow(ImportRejectedError);
  expect(() => readTensor(bytes(tensor))).toThrow(reason);
});
