import { expect, test } from "vitest";
import { NothingToScoreError } from "./scheduler-error.ts";

const messageOf = (reason: string): string => {
  const samples = [{ source: "rows", column: "as_of", reason, text: "nothing", file: null, line: null }];
  const rejected = { count: 404, reasons: [], repeated: 0, samples };
  return new NothingToScoreError({ rejected, asOf: "2026-11-29" }).message;
};

test("rows without a date name the expression that takes the date of the week", () => {
  expect(messageOf("no date")).toBe(
    "the weekly file has no row that can be scored: 404 rejected, first: no date; a row without a date is scored with as_of: coalesce(COLUMN, $as_of) in the mapping, which is then 2026-11-29",
  );
});

test("rows of another date ask for the week", () => {
  expect(messageOf("not known")).toContain("first: not known; the mapping takes what was known on 2026-11-29: is the");
});
