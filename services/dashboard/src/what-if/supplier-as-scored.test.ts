import { ContributionSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { supplierAsScored } from "./supplier-as-scored.ts";

const contributions = [
  create(ContributionSchema, { feature: "late_ratio", value: 0 }),
  create(ContributionSchema, { feature: "past_disputes" }),
  create(ContributionSchema, { feature: "region", category: "Europe" }),
  create(ContributionSchema, { feature: "contract_text:penalty", value: 0.4 }),
];
const model = { name: "supplier-risk", version: "v3" };
const score = { contributions, missingFeatures: ["past_disputes"], featuresTotal: 4, model };

test("known numbers and categories are sent, missing ones are not, and words are only counted", () => {
  expect(supplierAsScored(score)).toEqual({
    features: { late_ratio: 0 },
    categories: { region: "Europe" },
    model: { modelName: "supplier-risk", modelVersion: "v3" },
    hasText: true,
  });
});

test("a supplier without a contract text has none", () => {
  const without = { ...score, missingFeatures: ["past_disputes", "contract_text"] };
  expect(supplierAsScored(without)).toMatchObject({ hasText: false });
});

test("without recorded values or a model there is nothing to send", () => {
  expect(supplierAsScored({ ...score, featuresTotal: undefined })).toBeUndefined();
  expect(supplierAsScored({ ...score, model: undefined })).toBeUndefined();
  expect(supplierAsScored({ ...score, contributions: [] })).toBeUndefined();
});
