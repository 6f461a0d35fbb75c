import { expect, test } from "vitest";
import { type Check, check, describeChecks, describeFailed } from "./check.ts";

const CHECKS: readonly Check[] = [
  check("rows", "passed", "100 rows"),
  check("suppliers", "failed", "3 suppliers", { value: 0.1, limit: 0.7 }),
  check("unit", "failed", "the median is 7", { column: "spend", value: 30, limit: 20 }),
  check("same_content", "not_possible", "there is no other complete week of this model"),
  check("missing_column", "not_possible", "turned off by the risk policy: a test"),
  check("constant_column", "not_possible", "turned off by the risk policy: a test"),
];

test("failed checks have a line each, others a line for each reason", () => {
  expect(describeChecks(CHECKS)).toEqual([
    "failed: suppliers: 3 suppliers",
    "failed: unit, spend: the median is 7",
    "not possible: same content: there is no other complete week of this model",
    "not possible: column without values, constant column: turned off by the risk policy: a test",
    "passed: rows",
  ]);
  expect(describeChecks([])).toEqual([]);
});

test("one clause names at most three failed checks and counts the others", () => {
  expect(describeFailed(CHECKS)).toBe("suppliers: 3 suppliers; unit, spend: the median is 7");
  expect(describeFailed(Array<Check>(5).fill(check("rows", "failed", "few")))).toBe(
    "rows: few; rows: few; rows: few; and 2 more",
  );
});

test("a detail is cut between characters and has no NUL, and a value that is not finite is left out", () => {
  const long = check("rows", "failed", `${"x".repeat(238)}😀 and more`);
  expect([long.detail.length <= 240, long.detail.isWellFormed(), long.detail.endsWith("…")]).toEqual([
    true,
    true,
    true,
  ]);
  expect(check("rows", "failed", "a\0b", { value: Number.POSITIVE_INFINITY, limit: Number.NaN })).toMatchObject({
    ...{ detail: "ab", value: null, limit: null },
  });
});
