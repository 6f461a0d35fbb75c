import { PredictBatchResponseSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { callRanges, joinAnswers } from "./batch-parts.ts";

test("a chunk is one call, unless its texts exceed the limit of a call", () => {
  const texts = ["aaaa", "bbbb", "éé", "c"];
  expect(callRanges({ rows: 4, texts: null }, 1)).toEqual([{ from: 0, to: 4 }]);
  expect(callRanges({ rows: 4, texts }, 13)).toEqual([{ from: 0, to: 4 }]);
  expect(callRanges({ rows: 4, texts }, 12)).toEqual([
    { from: 0, to: 3 },
    { from: 3, to: 4 },
  ]);
  expect(callRanges({ rows: 4, texts }, 1)).toHaveLength(4);
});

test("joined answers have the rows and violations of all parts", () => {
  const answer = (bands: number[], faultyRow: number) =>
    create(PredictBatchResponseSchema, {
      bands: Uint8Array.from(bands),
      columnNames: ["delay"],
      baseValue: 0.5,
      violations: [{ row: faultyRow, reason: "FEATURE_OUT_OF_RANGE" }],
    });
  const ranges = [
    { from: 0, to: 2 },
    { from: 2, to: 5 },
  ];
  const whole = joinAnswers(ranges, [answer([2, 0], 1), answer([3, 4, 0], 2)]);
  expect([...whole.bands]).toEqual([2, 0, 3, 4, 0]);
  expect(whole.violations.map((violation) => violation.row)).toEqual([1, 4]);
  expect(whole).toMatchObject({ columnNames: ["delay"], baseValue: 0.5 });
});
