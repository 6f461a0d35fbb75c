import { isoWeekEnd } from "@bellwether/contract/iso-week";
import { expect, test } from "vitest";
import { type WeekReviews, weighReviews } from "./review-weights.ts";

const WEEK = "2026-W10";
const dayOf = (week: string): number => Date.parse(isoWeekEnd(week)) / 86_400_000;
/** Four labelled rows: three of the week, of which two are reviewed, and one of the week after. */
const ROWS = {
  supplierIds: ["alerted", "a", "b", "a"],
  asOfDays: Int32Array.of(dayOf(WEEK), dayOf(WEEK), dayOf(WEEK), dayOf("2026-W11")),
  weeks: [
    { week: WEEK, rows: 101, labelled: 3 },
    { week: "2026-W11", rows: 101, labelled: 1 },
  ],
};
const REVIEWS: WeekReviews = { isoWeek: WEEK, frame: 100, answered: new Set(["a", "b", "without a label"]) };

test("each answer represents as many suppliers without an alert, and other outcomes their own supplier", () => {
  const found = weighReviews(ROWS, [REVIEWS]);
  expect([...(found?.weights ?? [])]).toEqual([1, 50, 50, 1]);
  expect(found?.text).toBe("2 reviews represent 100 suppliers");
});

test.each([
  ["no sample was drawn", ROWS, [{ ...REVIEWS, frame: 0 }]],
  ["nobody has answered", ROWS, [{ ...REVIEWS, answered: new Set<string>() }]],
  ["the sample is of a week without rows", ROWS, [{ ...REVIEWS, isoWeek: "2026-W30" }]],
  ["nine of ten suppliers have an outcome", { ...ROWS, weeks: [{ week: WEEK, rows: 3, labelled: 3 }] }, [REVIEWS]],
  ["the rows have no date", { ...ROWS, asOfDays: null }, [REVIEWS]],
  ["there are no reviews", ROWS, []],
])("when %s, every row represents only itself", (_, rows, reviews) => {
  expect(weighReviews(rows, reviews)).toBeNull();
});
