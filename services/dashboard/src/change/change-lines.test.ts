import { ExplainChangeResponseSchema, FeatureUse } from "@bellwether/gen/bellwether/inference/v1/change_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { changeLines } from "./change-lines.ts";

const lines = (change: MessageInitShape<typeof ExplainChangeResponseSchema>) =>
  changeLines(create(ExplainChangeResponseSchema, change), ["en"]);

const part = (over: object) => ({
  ...{ feature: "delay", unit: "days", usedBy: FeatureUse.BOTH },
  amount: { dataMargin: 0.5, modelMargin: -0.1, dataScore: 0.12, modelScore: -0.02 },
  ...{ before: { value: 12 }, after: { value: 38 } },
  ...over,
});

test("parts are percentage points when the change of the score is divided, else the model's own unit", () => {
  const change = {
    parts: [part({})],
    total: { dataMargin: 0.5, modelMargin: -0.1, dataScore: 0.12, modelScore: -0.02 },
  };
  expect(lines({ ...change, scoreChange: 0.1 })).toEqual([
    { kind: "feature", name: "delay", values: "12 days → 38 days", data: 12, model: -2 },
    { kind: "total", name: "The whole change", values: "", data: 12, model: -2 },
  ]);
  expect(lines(change)[0]).toMatchObject({ data: 0.5, model: -0.1 });
});

test("base value, calibration and omitted features have a row only where they add something", () => {
  const change = { scoreChange: 0.1, baseScore: 0.01, calibrationScore: -0.02, omittedParts: 3 };
  const found = lines({ ...change, omitted: { dataScore: 0.03, modelScore: 0 } });
  expect(found.map(({ kind, data, model }) => [kind, data, model])).toEqual([
    ["omitted", 3, 0],
    ["base", 0, 1],
    ["calibration", 0, -2],
    ["total", 0, 0],
  ]);
  expect(lines({ scoreChange: 0 }).map(({ kind }) => kind)).toEqual(["total"]);
});

test.each([
  [{ before: { missing: true } }, "not known → 38 days"],
  [{ before: { category: "EU" }, after: { category: "US" }, unit: "" }, "EU → US"],
  [{ after: { value: 12 } }, "12 days"],
  [{ usedBy: FeatureUse.BEFORE_ONLY, after: undefined }, "12 days → not used"],
  [{ usedBy: FeatureUse.AFTER_ONLY, before: undefined }, "not used → 38 days"],
  [{ before: {}, after: {} }, ""],
])("the values of a feature %j are %s", (over, values) => {
  expect(lines({ parts: [part(over)] })[0]?.values).toBe(values);
});
