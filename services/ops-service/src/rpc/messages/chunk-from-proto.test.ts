import { SubmitChunkRequestSchema } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { float32s } from "../../domain/number-bytes.ts";
import { ChunkShapeError } from "../../domain/ops-error.ts";
import { chunkFromProto } from "./chunk-from-proto.ts";

const NONE = Number.NaN;

/** Returns a chunk of three rows, the second one without a score, with two contributions per row. */
const chunkWith = (...contributions: readonly number[]) =>
  create(SubmitChunkRequestSchema, {
    supplierIds: ["S_1", "S_2", "S_3"],
    scores: {
      model: { name: "late", version: "v1" },
      riskScores: new Uint8Array(Float64Array.of(0.5, NONE, 0.2).buffer),
      bands: Uint8Array.of(3, 1, 2),
      columnNames: ["spend", "delay"],
      contributions: new Uint8Array(Float32Array.from(contributions).buffer),
    },
  });

test.each([
  ["NaN in the answer of ml-service", NONE, NONE],
  ["NaN in a part of them", 7, NONE],
  ["numbers", 7, 8],
])("contributions of a row without a score, %s, are stored as zeros", (_what, spend, delay) => {
  const chunk = chunkFromProto(chunkWith(1, -2, spend, delay, 3, 4));
  expect([...float32s(chunk.contributions)]).toEqual([1, -2, 0, 0, 3, 4]);
});

test.each([NONE, Number.POSITIVE_INFINITY])("a contribution of %s of a row with a score is rejected", (wrong) => {
  expect(() => chunkFromProto(chunkWith(1, -2, NONE, NONE, 3, wrong))).toThrow(ChunkShapeError);
  expect(() => chunkFromProto(chunkWith(wrong, 2, 0, 0, 3, 4))).toThrow("row 0: a contribution is not a finite number");
});
