import { describe, expect, test } from "vitest";
import type { FeatureContribution, FeatureInfo } from "./feature-info.ts";
import { reasonText, shortReasonText, unitBeside, wasText } from "./reason-text.ts";
import { contradicts, groupReasons, LEAST_SHARE, selectReasons } from "./select-reasons.ts";

const number = (name: string, direction: FeatureInfo["direction"], typical: number): FeatureInfo => ({
  ...{ name, direction, typical, kind: "numeric", unit: "days", typicalCategory: "" },
});
const features: readonly FeatureInfo[] = [
  number("delay", "raises", 10),
  number("quality", "lowers", 80),
  { name: "region", direction: "unknown", kind: "category", unit: "", typical: null, typicalCategory: "EU" },
  { name: "contract_text", direction: "unknown", kind: "text", unit: "", typical: null, typicalCategory: "" },
];
const entry = (
  feature: string,
  contribution: number,
  over: Partial<FeatureContribution> = {},
): FeatureContribution => ({
  feature,
  value: 20,
  category: "",
  contribution,
  ...over,
});

describe("grouping", () => {
  test("the words of a contract are one reason with the sum of their contributions", () => {
    const words = [
      entry("contract_text:penalty", 0.5, { value: 0.3 }),
      entry("contract_text:net", -0.1, { value: 0.2 }),
      entry("contract_text:late", 0.2, { value: 0.1 }),
      entry("contract_text:absent", 0.4, { value: 0 }),
    ];
    const [first, second] = groupReasons([entry("delay", 0.6), ...words], features);
    expect(first).toMatchObject({ feature: "contract_text", contribution: 1, words: ["penalty", "late"] });
    expect(second).toMatchObject({ feature: "delay", unit: "days", typical: 10 });
    expect((first?.share ?? 0) + (second?.share ?? 0)).toBeCloseTo(1, 12);
  });

  test.each([
    ["carry most of the effect: no word is named", 0.5, 0.6, true, []],
    ["carry half of it: the words of the text are named", 0.5, 0.5, undefined, ["penalty"]],
    ["have the other direction: they do not count", 0.9, -0.6, undefined, ["penalty"]],
  ] as const)("words that a text does not have %s", (_, present, absent, isAbsence, words) => {
    const [text] = groupReasons(
      [
        entry("contract_text:penalty", present, { value: 0.3 }),
        entry("contract_text:absent", absent, { value: 0 }),
        entry("contract_text:unknown", 2 * Math.abs(absent), { value: null }),
      ],
      features,
    );
    expect([text?.isAbsence, text?.words]).toEqual([isAbsence, words]);
  });

  test("no contributions: no reasons", () => {
    expect(selectReasons([], features)).toEqual({ reasons: [], tooSmall: 0, contradicting: 0, unstated: [] });
    expect(groupReasons([entry("delay", 0)], features)[0]?.share).toBe(0);
  });
});

describe("selection", () => {
  test("an effect of exactly the smallest share is named, a smaller one is only counted", () => {
    const exactly = [entry("region", 1 - LEAST_SHARE), entry("delay", LEAST_SHARE)];
    expect(selectReasons(exactly, features)).toMatchObject({ tooSmall: 0, reasons: [{}, {}] });
    const below = [entry("region", 1 - LEAST_SHARE + 0.001), entry("delay", LEAST_SHARE - 0.001)];
    expect(selectReasons(below, features)).toMatchObject({ tooSmall: 1, reasons: [{ feature: "region" }] });
  });

  test.each([
    ["a riskier value that increases", "raises", 20, 10, 0.5, false],
    ["a riskier value that lowers", "raises", 20, 10, -0.5, true],
    ["a safer value that increases", "raises", 5, 10, 0.5, true],
    ["a safer value that lowers", "raises", 5, 10, -0.5, false],
    ["a high value of what lowers the risk, increasing", "lowers", 97, 80, 0.5, true],
    ["a low value of what lowers the risk, increasing", "lowers", 60, 80, 0.5, false],
    ["a typical value", "raises", 10, 10, 0.5, false],
    ["a missing value", "raises", null, 10, 0.5, false],
    ["no training median", "raises", 5, null, 0.5, false],
    ["no declared direction", "unknown", 5, 10, 0.5, false],
    ["no effect", "raises", 5, 10, 0, false],
  ] as const)("%s: contradicts %#", (_, direction, value, typical, contribution, expected) => {
    expect(contradicts({ value, typical, contribution }, { direction })).toBe(expected);
  });

  test("a reason that contradicts the declared direction is left out and counted", () => {
    const selected = selectReasons([entry("quality", 0.5, { value: 97 }), entry("delay", 0.4)], features);
    expect(selected).toMatchObject({ contradicting: 1, reasons: [{ feature: "delay" }] });
  });
});

describe("text", () => {
  test("does not repeat a unit with which the name ends", () => {
    const counted = { ...number("past_disputes", "raises", 1), unit: "disputes" };
    const [reason] = groupReasons([entry("past_disputes", 1, { value: 7 })], [counted]);
    expect(reason && [reasonText(reason), shortReasonText(reason)]).toEqual([
      "past disputes (7, typical 1)",
      "past disputes 7 (typical 1)",
    ]);
    expect([unitBeside("days", "days"), unitBeside("birthdays", "days"), unitBeside("delay", "days")]).toEqual([
      ...["", "days", "days"],
    ]);
  });

  const textOf = (contribution: FeatureContribution) => {
    const [reason] = groupReasons([contribution], features);
    return reason === undefined ? "" : reasonText(reason);
  };

  test.each([
    [entry("delay", 1, { value: 38.25 }), "delay (38.25 days, typical 10)"],
    [entry("delay", 1, { value: null }), "delay (not known, typical 10)"],
    [entry("region", 1, { value: null, category: "US" }), "region (US, most often EU)"],
    [entry("region", 1, { value: null, category: "EU" }), "region (EU)"],
    [entry("contract_text:penalty", 1, { value: 0.2 }), 'contract text (words such as "penalty")'],
    [entry("contract_text:penalty", 1, { value: 0 }), "contract text (words that it does not have)"],
    [entry("contract_text:penalty", 1, { value: null }), "contract text"],
  ])("%#", (contribution, expected) => {
    expect(textOf(contribution)).toBe(expected);
  });

  test.each([
    [entry("delay", 1, { value: 38.25 }), "delay 38.25 days (typical 10)"],
    [entry("delay", 1, { value: null }), "delay not known (typical 10)"],
    [entry("region", 1, { value: null, category: "US" }), "region US (most often EU)"],
    [entry("region", 1, { value: null, category: "EU" }), "region EU"],
    [entry("region", 1, { value: null }), "region not known to the model (most often EU)"],
    [entry("contract_text:penalty", 1, { value: 0.2 }), 'contract text with "penalty"'],
    [entry("contract_text:penalty", 1, { value: 0 }), "contract text without words that others have"],
    [entry("contract_text:penalty", 1, { value: null }), "contract text"],
    [entry("other_feature", 1, { value: null }), "other feature"],
  ])("short %#", (contribution, expected) => {
    const [reason] = groupReasons([contribution], features);
    expect(reason && shortReasonText(reason)).toBe(expected);
  });
});

test.each([
  [6, undefined, ""],
  [6, null, ""],
  [6, 6, ""],
  [6, 4, ", was 4"],
  [0.31, 0.310_000_01, ""],
  [313_677, 313_676.6, ""],
  [1_234_567, 1_234_599, ", was 1234599"],
  [0, 0.2, ", was 0.2"],
  [undefined, 4, ", was 4"],
  [null, 4, ", was 4"],
])("the value %s with the earlier value %s is followed by %j", (value, previous, text) => {
  expect(wasText(value, previous)).toBe(text);
});
