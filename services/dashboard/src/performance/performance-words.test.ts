import {
  GetPerformanceResponseSchema,
  PerformanceFigureSchema,
  SegmentKind,
  SegmentPerformanceSchema,
} from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { coverageSentences, figureText, segmentName } from "./performance-words.ts";

test("a figure has its interval where there is one, and a dash where the outcomes do not determine it", () => {
  const figure = (init: MessageInitShape<typeof PerformanceFigureSchema>, isSigned = false) =>
    figureText(create(PerformanceFigureSchema, init), isSigned);
  expect(figure({ value: 0.844, low: 0.79, high: 0.88 })).toBe("0.84 (0.79 to 0.88)");
  expect(figure({ value: 0.844 })).toBe("0.84");
  expect(figure({ value: 0.844, low: 0.79 })).toBe("0.84");
  expect(figure({})).toBe("–");
  expect(figure({ value: Number.NaN })).toBe("–");
  expect(figureText(undefined)).toBe("–");
  expect(figure({ value: 0.2, low: -0.1, high: 0.5 }, true)).toBe("+0.20 (−0.10 to +0.50)");
});

test("what is left out, weighted or waiting is said, and nothing else", () => {
  const whole = create(GetPerformanceResponseSchema, {
    ...{ horizonDays: 90, completeAfterDays: 30, knownOn: "2026-11-29", measuredShare: 1 },
    weeks: [{ coverage: { scored: 500n, labelled: 500n, fromAbsence: 490n, fromEvents: 10n } }],
  });
  expect(coverageSentences(whole)).toEqual([
    "Outcomes within 90 days after each week, as known on 2026-11-29.",
    "Without an event, the risk counts as not occurred 30 days later.",
    "500 of 500 scores have an outcome: 10 events, 490 ends of the horizon without an event.",
  ]);
  const partial = create(GetPerformanceResponseSchema, {
    ...{ horizonDays: 1, knownOn: "2026-11-29", measuredShare: 0.004, weeksLeftOut: 1, weighted: true },
    delay: { events: 7n, medianDays: 1 },
    weeks: [
      { coverage: { scored: 500n, labelled: 3n, compared: 2n, contradictory: 1n, outsideSample: 1n, immature: true } },
    ],
  });
  expect(coverageSentences(partial).slice(1)).toEqual([
    "Events are not recorded completely.",
    "3 of 500 scores have an outcome.",
    "The horizon of 1 of 1 week is not over.",
    "Half of 7 events were known within 1 day.",
    "Sources contradict each other at 1 of 2 scores.",
    "1 outcome of suppliers outside the review sample is not measured.",
    "Alerted suppliers and the review sample stand for all suppliers of their kind.",
    "A random 1 % of the suppliers was measured, because there are too many.",
    "1 week without scores, or beyond 260, is left out.",
  ]);
});

test("a segment without a name is not known, and a kind of a newer server has its number", () => {
  const name = (kind: SegmentKind, segment: string) => segmentName(create(SegmentPerformanceSchema, { kind, segment }));
  expect(name(SegmentKind.REGION, "EU")).toBe("Region EU");
  expect(name(SegmentKind.SIZE, "")).toBe("Size not known");
  expect(name(99 as SegmentKind, "x")).toBe("Kind 99 x");
});

test("the alert rules are named when they are not only those of the file for all suppliers", () => {
  const sentences = (ruleSets: MessageInitShape<typeof GetPerformanceResponseSchema>["ruleSets"]) =>
    coverageSentences(create(GetPerformanceResponseSchema, { measuredShare: 1, ...(ruleSets && { ruleSets }) }));
  const file = { setId: "default", alertThreshold: 0.7, capacity: 10 };
  const others = sentences([file]);
  expect(others.join()).not.toContain("alert rules");
  const rulesIn = (ruleSets: Parameters<typeof sentences>[0]) =>
    sentences(ruleSets).filter((text) => !others.includes(text));
  expect(rulesIn([{ ...file, activation: 3n }])).toEqual([
    "With the alert rules that are active now: default from score 0.70, 10 a week.",
  ]);
  expect(rulesIn([file, { setId: "emea", alertThreshold: 0.5, capacity: 2, regions: ["EU"] }])).toEqual([
    "With the alert rules that are active now: default from score 0.70, 10 a week; emea from score 0.50, 2 a week.",
  ]);
});
