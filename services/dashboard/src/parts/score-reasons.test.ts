import { type Contribution, ContributionSchema } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { SupplierScoreSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { stackWaterfall } from "../plots/waterfall.ts";
import { completenessText, contributionLines, missingSentence } from "./score-reasons.ts";

const contribution = (init: MessageInitShape<typeof ContributionSchema>): Contribution =>
  create(ContributionSchema, init);
const score = (init: MessageInitShape<typeof SupplierScoreSchema>) => create(SupplierScoreSchema, init);

const CONTRIBUTIONS = [
  contribution({ feature: "past_disputes", value: 7, unit: "disputes", typical: 1, contribution: 0.5 }),
  contribution({ feature: "contract_text:penalty", contribution: 0.4 }),
  contribution({ feature: "contract_text:net", contribution: -0.1 }),
  contribution({ feature: "contract_text:late", contribution: 0.3 }),
  contribution({ feature: "region", category: "US", typicalCategory: "EU", contribution: 0.05 }),
];

test("the words of a contract are one row with their sum, which contains the single words", () => {
  const lines = contributionLines(CONTRIBUTIONS);
  expect(lines.map(({ feature, seen }) => [feature, seen])).toEqual([
    ["contract_text", ""],
    ["past_disputes", "7 (typical 1)"],
    ["region", "US (most often EU)"],
  ]);
  expect(lines[0]?.contribution).toBeCloseTo(0.6, 12);
  expect(lines[0]?.words.map(({ word }) => word)).toEqual(["penalty", "late", "net"]);
});

test("the rows add up to the model's output, as the contributions do", () => {
  const output = stackWaterfall(-1, CONTRIBUTIONS, 12).output;
  expect(stackWaterfall(-1, contributionLines(CONTRIBUTIONS), 12).output).toBeCloseTo(output, 12);
});

test("a run without recorded values shows no values", () => {
  expect(contributionLines([contribution({ feature: "spend", contribution: 1 })])).toEqual([
    { feature: "spend", contribution: 1, seen: "", words: [] },
  ]);
});

test("missing features are counted and named", () => {
  const half = score({ featuresPresent: 14, featuresTotal: 16, missingFeatures: ["late_ratio", "spend"] });
  expect(completenessText(half)).toBe("2 of 16 features not known");
  expect(missingSentence(half)).toBe("2 of 16 features not known: late ratio and spend.");
  expect(missingSentence(score({ featuresPresent: 16, featuresTotal: 16 }))).toBe("");
  expect(missingSentence(score({}))).toBe("The run did not record the values of the features.");
});
