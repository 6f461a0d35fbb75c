import type { ExternalSource } from "@bellwether/config/external-sources";
import { expect, test } from "vitest";
import { checkRows, shownScores } from "./external-score.ts";

const SOURCE: ExternalSource = {
  ...{ name: "rating", title: "Rating", licence: "internal use", min: 0, max: 100 },
  ...{ higherIsRiskier: false, staleAfterDays: 30 },
};
const TODAY = "2026-06-30";
const row = (over = {}) => ({ supplierId: "S1", score: 50, asOf: "2026-06-01", ...over });
const reasonOf = (over = {}) => checkRows([row(over)], SOURCE, TODAY).rejected[0]?.reason;

test.each([
  ["NaN", { score: Number.NaN }, "not_a_number"],
  ["infinity", { score: Number.POSITIVE_INFINITY }, "not_a_number"],
  ["a score below the scale", { score: -0.001 }, "outside_scale"],
  ["a score above the scale", { score: 100.001 }, "outside_scale"],
  ["a day of the next day", { asOf: "2026-07-01" }, "future_day"],
  ["no day", { asOf: "" }, "invalid_day"],
  ["a day that does not exist", { asOf: "2026-02-30" }, "invalid_day"],
  ["a day in another form", { asOf: "30.06.2026" }, "invalid_day"],
])("rejects %s", (_what, over, reason) => {
  expect(reasonOf(over)).toBe(reason);
});

test.each([{ score: 0 }, { score: 100 }, { score: -0 }, { asOf: TODAY }, { asOf: "1999-12-31" }])(
  "accepts %j",
  (over) => {
    expect(checkRows([row(over)], SOURCE, TODAY)).toMatchObject({ rejected: [], checked: [row(over)] });
  },
);

test("two rows of a supplier and day with different scores are both rejected, equal ones are kept", () => {
  const rows = [row(), row({ score: 51 }), row({ asOf: "2026-06-02" }), row({ asOf: "2026-06-02" })];
  const { checked, rejected } = checkRows(rows, SOURCE, TODAY);
  expect(rejected.map(({ row: index, reason }) => [index, reason])).toEqual([
    [0, "contradicted"],
    [1, "contradicted"],
  ]);
  expect(checked.map((one) => one.row)).toEqual([2, 3]);
});

const shown = (score: number, asOf: string, source = SOURCE) =>
  shownScores([source], [{ source: "rating", score, asOf, supplierId: "" }], new Date("2026-06-30T12:00:00Z"))[0];

test("a score is stale on the day after its limit, and is then missing with its age, never a number", () => {
  expect(shown(50, "2026-05-31")).toMatchObject({ score: 50, missing: null, ageDays: 30 });
  expect(shown(50, "2026-05-30")).toMatchObject({ score: null, missing: "stale", ageDays: 31, asOf: "2026-05-30" });
});

test("a score of 0 is a score, and one outside of a scale that was changed later is missing", () => {
  expect(shown(0, "2026-06-30")).toMatchObject({ score: 0, missing: null, ageDays: 0 });
  expect(shown(70, "2026-06-30", { ...SOURCE, max: 10 })).toMatchObject({ score: null, missing: "outside_scale" });
});

test("a supplier without a score of a source is missing there, and scores of a removed source are not shown", () => {
  const found = shownScores([SOURCE], [{ source: "other", score: 1, asOf: TODAY, supplierId: "" }], new Date());
  expect(found).toEqual([{ source: SOURCE, score: null, missing: "none", asOf: "", ageDays: 0, scoredSupplierId: "" }]);
});
