import {
  type GetPerformanceResponse,
  GetPerformanceResponseSchema,
  ScorecardSource,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { performanceHtml } from "./performance-html.ts";
import { performanceJson } from "./performance-json.ts";
import { comparedLines } from "./performance-scorecard.ts";
import { qualityLines, weekLines } from "./performance-text.ts";

const figure = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 });
const scorecard = {
  ...{ rows: 400n, auc: figure(0.75), aucDifference: figure(0.07), brier: figure(0.12) },
  atCapacity: { flagged: 20, precision: figure(0.5), recall: figure(0.4) },
  capacityPrecisionDifference: figure(0.2),
};
const performance = { rows: 500n, auc: figure(0.82), atCapacity: { precision: figure(0.7) }, scorecard };

type AnswerInit = Exclude<MessageInitShape<typeof GetPerformanceResponseSchema>, GetPerformanceResponse>;

const answerOf = (over: AnswerInit = {}) =>
  create(GetPerformanceResponseSchema, {
    ...{ modelName: "supplier-risk", fromWeek: "2026-W01", toWeek: "2026-W05", capacity: 10, overall: performance },
    scorecard: { modelVersion: "v1", note: "ml-service does not answer" },
    weeks: [
      { isoWeek: "2026-W01", performance, scorecard: { source: ScorecardSource.RUN } },
      {
        ...{ isoWeek: "2026-W02", performance },
        scorecard: { source: ScorecardSource.STORED_FEATURES, unknownCategories: 3n },
      },
      { isoWeek: "2026-W03", scorecard: { source: ScorecardSource.PENDING } },
      { isoWeek: "2026-W04", scorecard: { source: ScorecardSource.NO_FEATURES } },
      { isoWeek: "2026-W05", scorecard: { source: ScorecardSource.OTHER_FEATURES } },
    ],
    ...over,
  });

test("the weeks that the scorecard has scored are counted by source, and each one says it", () => {
  expect(comparedLines(answerOf())).toEqual([
    "scorecard v1: scored 1 week itself; computed later for 1 week from the stored features; not computed yet for 1 week (ml-service does not answer); 1 week without stored features; 1 week of a version with other features",
    "scorecard v1: 3 supplier weeks with a category that is not stored, scored as a category without points of its own",
  ]);
  expect(weekLines(answerOf()).map((line) => / {2}scorecard .*$/.exec(line)?.[0])).toEqual([
    "  scorecard AUC 0.750 (0.650 to 0.850) (it scored the week)",
    "  scorecard AUC 0.750 (0.650 to 0.850) (computed later)",
    "  scorecard AUC – (not computed yet)",
    "  scorecard AUC – (no stored features)",
    "  scorecard AUC – (other features)",
  ]);
});

test("without a scorecard the reason is said, and nothing when no reason is known", () => {
  const note = "no scorecard of supplier-risk is published";
  expect(comparedLines(answerOf({ scorecard: { note } }))).toEqual([`scorecard: not compared, because ${note}`]);
  expect(comparedLines(create(GetPerformanceResponseSchema, {}))).toEqual([]);
});

test("the figures of the scorecard follow those of the model, with the rows that both have scored", () => {
  const answer = answerOf();
  const lines = qualityLines(answer.overall, answer);
  const first = lines.indexOf("scorecard v1 on 400 of these supplier weeks:");
  expect(lines[first + 1]).toBe("  AUC 0.750 (0.650 to 0.850); the model minus it +0.070 (-0.030 to +0.170)");
  expect(lines[first + 6]).toContain("precision of the model minus it +0.200 (+0.100 to +0.300)");
  const html = performanceHtml(answer);
  expect(html).toContain('<th scope="col">scorecard v1</th>');
  expect(html).toContain("of the 400 supplier weeks that both have scored");
  expect(html).not.toMatch(/undefined|NaN/);
  expect(performanceJson(answer)).toMatchObject({
    scorecard: { version: "v1", note: "ml-service does not answer" },
    overall: { scorecard: { rows: 400, auc: { value: 0.75 }, at_capacity: { flagged: 20 } } },
    weeks: [
      { scorecard_source: "run" },
      { scorecard_source: "stored_features", scorecard_unknown_categories: 3 },
      {},
      {},
      {},
    ],
  });
});

test("an answer of a server that compares nothing has no column of a scorecard", () => {
  const { scorecard: _none, ...model } = performance;
  const answer = create(GetPerformanceResponseSchema, { modelName: "supplier-risk", overall: model });
  expect(performanceHtml(answer)).not.toContain("both have scored");
  expect(performanceJson(answer)).toMatchObject({ scorecard: { version: "" }, overall: { scorecard: null } });
});
