import {
  PredictBatchRequestSchema,
  PredictRowsRequestSchema,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ScoreSchema, SupplierSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { keptBatch, keptScore, keptSupplier, type ScoredRow } from "./kept-input.ts";

const term = (name: string) => ({ kind: "term" as const, feature: "contract_text", term: name });
const numeric = { kind: "numeric" as const, feature: "late_ratio" };
const scored = (...weights: number[]): ScoredRow => ({
  bundle: { columns: [numeric, term("late"), term("penalty")] },
  row: Float32Array.from([0.5, ...weights]),
});
const supplier = (over: MessageInitShape<typeof SupplierSchema> = {}) =>
  create(SupplierSchema, { supplierId: "S", features: { late_ratio: 0.5 }, ...over });

test("a text is kept as its hash and the weights of the model's terms; without any term, the first has the weight 0", () => {
  const withText = supplier({ contractText: "late delivery" });
  expect(keptSupplier(withText, scored(0.25, 0))).toEqual({
    ...{ features: { late_ratio: 0.5 }, categories: {}, term_weights: { late: 0.25 } },
    contract_text_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(keptSupplier(withText, scored(0, 0))).toMatchObject({ term_weights: { late: 0 } });
  const withoutTerms = { bundle: { columns: [numeric] }, row: Float32Array.of(0.5) };
  expect(keptSupplier(withText, withoutTerms)).toMatchObject({ term_weights: {} });
  expect(keptSupplier(withText, undefined)).not.toHaveProperty("term_weights");
  expect(keptSupplier(supplier(), scored(0, 0))).toEqual({ features: { late_ratio: 0.5 }, categories: {} });
  expect(keptSupplier(supplier({ termWeights: { late: 0.5 } }), scored(0.5, 0))).toMatchObject({
    term_weights: { late: 0.5 },
  });
});

test("an input that an event cannot hold is not kept", () => {
  const many = Object.fromEntries(Array.from({ length: 1_024 }, (_, i) => [`${"x".repeat(100)}${i}`, i]));
  expect(keptSupplier(supplier({ features: many }), undefined)).toEqual({ not_kept: "too_large" });
  expect(keptSupplier(supplier({ categories: { region: "y".repeat(40_000) } }), undefined)).toEqual({
    not_kept: "too_large",
  });
  const some = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x${i}`, i]));
  expect(keptSupplier(supplier({ features: some }), undefined)).toHaveProperty("features");
});

test("a batch is kept as the bytes of its request, without a text and up to a size", () => {
  const batch = (over: MessageInitShape<typeof PredictBatchRequestSchema>) => {
    const request = create(PredictBatchRequestSchema, over);
    return keptBatch(request, toBinary(PredictBatchRequestSchema, request));
  };
  expect(batch({ supplierIds: ["a"] })).toEqual({ message: PredictBatchRequestSchema.typeName, bytes: "CgFh" });
  expect(batch({ supplierIds: ["a"], contractTexts: [""] })).toHaveProperty("bytes");
  expect(batch({ supplierIds: ["a"], contractTexts: ["text"] })).toEqual({ not_kept: "text" });
  expect(batch({ supplierIds: Array.from({ length: 8_192 }, (_, i) => `S_${i}`) })).toEqual({ not_kept: "too_large" });
  const rows = create(PredictRowsRequestSchema, { suppliers: [supplier({ contractText: "text" })] });
  expect(keptBatch(rows, toBinary(PredictRowsRequestSchema, rows))).toEqual({ not_kept: "text" });
});

test("a score keeps its numbers bit by bit, and at most 64 contributions", () => {
  const topContributions = Array.from({ length: 100 }, (_, i) => ({ feature: `x${i}`, contribution: -0.5 }));
  const kept = keptScore(create(ScoreSchema, { margin: 1, topContributions }));
  expect(kept).toMatchObject({ margin_bits: "3ff0000000000000", contribution_bits: { x0: "bfe0000000000000" } });
  expect(kept).not.toHaveProperty("base_value_bits");
  expect(Object.keys(kept.contribution_bits as object)).toHaveLength(64);
});
