import { DEFAULT_CHECKS } from "@bellwether/config/input-checks";
import { expect, test } from "vitest";
import { checkConstant, checkMissing, checkUnits } from "./check-columns.ts";
import type { ColumnProfile, NumberFigures } from "./column-profile.ts";

const spread = (median: number): NumberFigures => ({
  ...{ min: 0, p05: median * 0.5, p25: median * 0.75, median },
  ...{ p75: median * 1.25, p95: median * 1.5, max: median * 2, mean: median },
});
const SPEND: ColumnProfile = {
  ...{ column: "spend", kind: "number", rows: 1_000, missing: 0, distinct: 900, topValue: "7", topRows: 10 },
  numbers: spread(1_000),
};
const column = (fields: Partial<ColumnProfile>): ColumnProfile => ({ ...SPEND, ...fields });
const week = (...columns: ColumnProfile[]) => ({ week: "2026-W46", rows: 1_000, columns });
const units = (now: Partial<ColumnProfile>, before: Partial<ColumnProfile> = {}, checks = DEFAULT_CHECKS) =>
  checkUnits([column(now)], week(column(before)), checks);
const outcomes = (checks: readonly { outcome: string }[]) => checks.map(({ outcome }) => outcome);

test("a unit jump is a median more than 20 times or less than a 20th of the week before", () => {
  const ratio = (of: number) => outcomes(units({ numbers: spread(1_000 * of) }));
  expect([ratio(20), ratio(20.1)]).toEqual([["passed"], ["failed"]]);
  expect([ratio(1 / 20), ratio(1 / 20.1)]).toEqual([["passed"], ["failed"]]);
  expect(units({ numbers: spread(100_000) })).toEqual([
    {
      ...{ kind: "unit", outcome: "failed", column: "spend", value: 100, limit: 20 },
      detail: "the median is 100000, 100 times the 1000 of 2026-W46 (limit: 20 times, or 1/20); check the unit",
    },
  ]);
  expect(units({ numbers: spread(10) })[0]?.detail).toContain("the median is 10, 1/100 of the 1000 of 2026-W46");
});

test("a wrong unit in a part of the rows is found by the 75 % or 25 % quantile", () => {
  // 40 % of the rows times 100: the quantiles of the rest move up to the 60 % quantile of before.
  const mixed = { ...spread(1_000), p75: 85_000, p95: 140_000, max: 200_000 };
  expect(units({ numbers: mixed })).toEqual([
    {
      ...{ kind: "unit", outcome: "failed", column: "spend", value: 68, limit: 20 },
      detail:
        "the 75 % quantile is 85000, 68 times the 1250 of 2026-W46 (limit: 20 times, or 1/20), but the median is within the limit; check the unit of a part of the rows",
    },
  ]);
  expect(units({ numbers: { ...spread(1_000), p05: 6, p25: 9 } })[0]?.detail).toContain("the 25 % quantile is 9, 1/83");
  expect(outcomes(units({ numbers: mixed, rows: 40 }))).toEqual(["failed"]);
  expect(outcomes(units({ numbers: mixed, rows: 39 }))).toEqual(["passed"]);
  expect(outcomes(units({ numbers: { ...mixed, p75: 25_000 } }))).toEqual(["passed"]);
  // Medians of different signs are not compared, so the text says nothing about them.
  expect(units({ numbers: { ...mixed, median: -1 } })[0]?.detail).toMatch(
    /or 1\/20\); check the unit of a part of the rows$/,
  );
  // A 25 % quantile near 0 in a column with a wide spread says nothing.
  const wide = { ...spread(1_000), p25: 100 };
  expect(outcomes(units({ numbers: { ...wide, p25: 1 } }, { numbers: wide }))).toEqual(["passed"]);
});

test("a median of fewer than 20 values is not compared", () => {
  const jump = { numbers: spread(1e6), rows: 30 };
  expect(outcomes(units({ ...jump, missing: 10 }))).toEqual(["failed"]);
  expect(outcomes(units({ ...jump, missing: 11 }))).toEqual(["passed"]);
});

test("where a median is 0, the 75 % or the 95 % quantile is compared; zeros only are not", () => {
  const zeros = (p75: number, p95: number) => ({
    numbers: { min: 0, p05: 0, p25: 0, median: 0, p75, p95, max: p95, mean: 1 },
  });
  expect(units(zeros(0, 500), zeros(0, 10))[0]).toMatchObject({ outcome: "failed", value: 50 });
  expect(units(zeros(9_000, 10_000), zeros(10, 20))[0]?.detail).toContain("the 75 % quantile is 9000, 900 times");
  expect(outcomes(units(zeros(0, 0), zeros(0, 20)))).toEqual(["passed"]);
});

test("a column of values around 0 has no unit jump, whatever its median", () => {
  const around = (median: number) => ({
    numbers: { min: -9, p05: -2, p25: -1, median, p75: 1, p95: 2, max: 9, mean: 0 },
  });
  expect(outcomes(units(around(0.2), around(0.001)))).toEqual(["passed"]);
  expect(outcomes(units(around(-0.2), around(0.001)))).toEqual(["passed"]);
});

test("a column without a value fails when it had values, unless that may be chance", () => {
  const empty = { missing: 1_000, kind: "empty", numbers: null, distinct: 0, topRows: 0 } as const;
  const check = (now: Partial<ColumnProfile>, before: Partial<ColumnProfile> = {}) =>
    checkMissing([column(now)], week(column(before)), {});
  expect(check(empty)[0]).toMatchObject({
    ...{ kind: "missing_column", outcome: "failed", column: "spend" },
    detail: "no row has a value; 100 % of the rows had one in 2026-W46",
  });
  expect(outcomes(check({ missing: 999 }))).toEqual(["passed"]);
  expect(outcomes(check(empty, empty))).toEqual(["passed"]);
  // One value in 1,000 rows: a week without it is no surprise. Three percent are one.
  expect(outcomes(check(empty, { missing: 999 }))).toEqual(["passed"]);
  expect(outcomes(check(empty, { missing: 970 }))).toEqual(["failed"]);
});

test("a column with a single value fails when it had several, unless that may be chance or it moves by construction", () => {
  const constant = { topValue: "EU", distinct: 1, topRows: 1_000, numbers: null, kind: "text" } as const;
  const check = (now: Partial<ColumnProfile>, before: Partial<ColumnProfile> = {}, checks = DEFAULT_CHECKS) =>
    checkConstant([column(now)], week(column(before)), checks);
  expect(check(constant)[0]).toMatchObject({
    ...{ kind: "constant_column", outcome: "failed", column: "spend" },
    detail: "every value is the same; there were about 900 different values in 2026-W46",
  });
  expect(check(constant, { distinct: 5 })[0]?.detail).toContain("there were 5 different values");
  expect(outcomes(check(constant, constant))).toEqual(["passed"]);
  expect(outcomes(check({ ...constant, rows: 2 }, { topRows: 500 }))).toEqual(["passed"]);
  expect(outcomes(check(constant, { topRows: 995, distinct: 2 }))).toEqual(["passed"]);
  expect(outcomes(check(constant, { topRows: 980, distinct: 2 }))).toEqual(["failed"]);
  const moving = { ...DEFAULT_CHECKS, movingColumns: { spend: "it is reset in January" } };
  expect(outcomes(check(constant, {}, moving))).toEqual(["not_possible"]);
  expect(outcomes(units({ numbers: spread(1e6) }, {}, moving))).toEqual(["not_possible"]);
});

test("without an earlier week, and when the policy turns a check off, it is not possible and says why", () => {
  expect(checkUnits([SPEND], null, DEFAULT_CHECKS)[0]).toMatchObject({
    ...{ outcome: "not_possible", detail: "there is no earlier complete week of this model" },
  });
  expect(checkMissing([SPEND], week(SPEND), { disabled: "the file changes every week" })[0]).toMatchObject({
    ...{ outcome: "not_possible", detail: "turned off by the risk policy: the file changes every week" },
  });
  expect(checkMissing([SPEND], week(), {})[0]).toMatchObject({ outcome: "not_possible" });
});

test("at most 20 columns are listed, then their number", () => {
  const columns = Array.from({ length: 500 }, (_, i) => column({ column: `c${i}`, numbers: spread(1e9) }));
  const before = columns.map((one) => ({ ...one, numbers: spread(1) }));
  const failed = checkUnits(columns, week(...before), DEFAULT_CHECKS);
  expect(failed).toHaveLength(21);
  expect(failed.at(-1)).toMatchObject({ outcome: "failed", value: 480, detail: "480 more columns" });
});

test("columns that the week before does not have are counted", () => {
  const [check] = checkUnits([SPEND, column({ column: "new" })], week(SPEND), DEFAULT_CHECKS);
  expect(check?.detail).toBe("1 column compared with 2026-W46; 1 column not in 2026-W46");
});
