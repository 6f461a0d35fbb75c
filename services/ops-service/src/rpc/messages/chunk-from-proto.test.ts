import { SubmitChunkRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { float32s } from "../../domain/number-bytes.ts";
import { chunkFromProto } from "./chunk-from-proto.ts";

test("contributions of a row without a score, NaN in the answer of ml-service, are stored as zeros", () => {
  const NONE = Number.NaN;
  const request = create(SubmitChunkRequestSchema, {
    supplierIds: ["S_1", "S_2", "S_3"],
    scores: {
      model: { name: "late", version: "v1" },
      riskScores: new Uint8Array(Float64Array.of(0.5, NONE, 0.2).buffer),
      bands: Uint8Array.of(3, 1, 2),
      columnNames: ["spend", "delay"],
      contributions: new Uint8Array(Float32Array.of(1, -2, NONE, NONE, 3, 4).buffer),
    },
  });
  expect([...float32s(chunkFromProto(request).contributions)]).toEqual([1, -2, 0, 0, 3, 4]);
});
