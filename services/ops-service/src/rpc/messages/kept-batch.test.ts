import {
  PredictBatchRequestSchema,
  PredictRowsRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { suppliersOfBatch } from "./kept-batch.ts";

test("columns in both forms become suppliers; missing values and categories are left out", () => {
  const request = create(PredictBatchRequestSchema, {
    supplierIds: ["a", "b"],
    featureNames: ["x"],
    values: new Uint8Array(Float32Array.from([0.1, Number.NaN]).buffer),
    numbers: [{ name: "y", values: [1, 2] }],
    categories: [{ name: "region", dictionary: ["EU"], codes: [0, 0xffffffff] }],
  });
  expect(suppliersOfBatch(PredictBatchRequestSchema.typeName, toBinary(PredictBatchRequestSchema, request))).toEqual([
    {
      supplierId: "a",
      features: { x: Math.fround(0.1), y: 1 },
      categories: { region: "EU" },
      contractText: "",
      termWeights: {},
    },
    { supplierId: "b", features: { y: 2 }, categories: {}, contractText: "", termWeights: {} },
  ]);
});

test("bytes that are no request of the type are none", () => {
  const bytes = new Uint8Array([255, 255, 255]);
  for (const name of [PredictBatchRequestSchema.typeName, PredictRowsRequestSchema.typeName, "other.Message", ""])
    expect(suppliersOfBatch(name, bytes)).toBeUndefined();
});
