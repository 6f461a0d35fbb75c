import { type ContributionSchema, OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { SupplierScoreSchema } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { reasonLines } from "./reason-lines.ts";

type ContributionInit = MessageInitShape<typeof ContributionSchema>;
const lines = (contributions: ContributionInit[], outputSpace: OutputSpace = OutputSpace.MARGIN, change?: number) =>
  reasonLines(
    create(SupplierScoreSchema, {
      riskScore: 0.75,
      contributions,
      outputSpace,
      ...(change !== undefined && { change }),
    }),
    ["en"],
  );

test("each line has the value, last week's and the typical value, and both effects in points", () => {
  const [line] = lines(
    [
      {
        ...{ feature: "past_disputes", value: 7, unit: "disputes", typical: 1, contribution: Math.log(3) },
        ...{ previousValue: 4, previousContribution: 0 },
      },
    ],
    OutputSpace.MARGIN,
    0.25,
  );
  expect(line).toMatchObject({ value: "7", previousValue: "4", typical: "1" });
  expect(line?.points).toBeCloseTo(25, 10);
  expect(line?.previousPoints).toBeCloseTo(0, 10);
});

test("the largest effect is first, and all words of the contract are one line", () => {
  const found = lines([
    { feature: "region", category: "US", contribution: 0.1 },
    { feature: "contract_text:penalty", contribution: 0.8 },
    { feature: "contract_text:net", contribution: -0.3 },
    { feature: "spend", contribution: -2 },
  ]);
  expect(found.map(({ feature, value }) => [feature, value])).toEqual([
    ["spend", ""],
    ["contract_text", "2 words"],
    ["region", "US"],
  ]);
  expect(found.map(({ points }) => Math.sign(points))).toEqual([-1, 1, 1]);
});

test("last week's effect needs last week's score, and a regression keeps the model's own unit", () => {
  const contribution = { feature: "spend", contribution: 0.4, previousContribution: 0.2 };
  expect(lines([contribution])[0]?.previousPoints).toBeUndefined();
  expect(lines([contribution], OutputSpace.RAW)[0]).toMatchObject({
    ...{ points: 0.4, previousPoints: 0.2, isInPoints: false },
  });
});
