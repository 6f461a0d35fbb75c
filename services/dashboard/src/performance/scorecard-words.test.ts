import {
  GetPerformanceResponseSchema,
  ScorecardSource,
  WeekScorecardSchema,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { scorecardSentence, sourceWords } from "./scorecard-words.ts";

test("the weeks that are compared are counted by source, and why the others are not", () => {
  const sources = [
    ...[ScorecardSource.RUN, ScorecardSource.STORED_FEATURES, ScorecardSource.STORED_FEATURES],
    ...[ScorecardSource.PENDING, ScorecardSource.NO_FEATURES, ScorecardSource.OTHER_FEATURES],
  ];
  const answer = create(GetPerformanceResponseSchema, {
    scorecard: { modelVersion: "v1", note: "ml-service does not answer" },
    overall: { scorecard: { rows: 1n } },
    weeks: sources.map((source) => ({ scorecard: { source, unknownCategories: 2n } })),
  });
  expect(scorecardSentence(answer)).toBe(
    "Scorecard v1, on 1 supplier week that both have scored: it scored 1 week itself, 2 weeks computed later from the stored features, 1 week not computed yet (ml-service does not answer), 1 week without stored features, 1 week of a version with other features, 12 supplier weeks with a category that is not stored.",
  );
});

test("without a scorecard the reason is said; an answer of an older server says nothing", () => {
  const note = "no scorecard of m is published";
  const none = create(GetPerformanceResponseSchema, { scorecard: { note } });
  expect(scorecardSentence(none)).toBe(`Not compared with a scorecard: ${note}.`);
  expect(scorecardSentence(create(GetPerformanceResponseSchema, {}))).toBe("");
});

test("a source of a newer server has its number", () => {
  expect(sourceWords(undefined)).toBe("");
  expect(sourceWords(create(WeekScorecardSchema, { source: 99 as ScorecardSource }))).toBe("source 99");
});
