import { expect, test } from "vitest";
import { checkRows } from "./check-rows.ts";

const LIMITS = { minShare: 0.5, maxShare: 2 };
const before = (rows: number | null) => ({ week: "2026-W46", rows, columns: [] });

test("rows fail below the lower and above the upper share of the week before, not at them", () => {
  const outcome = (rows: number) => checkRows(rows, before(1_000), LIMITS).outcome;
  expect([outcome(500), outcome(499), outcome(2_000), outcome(2_001)]).toEqual([
    "passed",
    "failed",
    "passed",
    "failed",
  ]);
  expect(checkRows(499, before(1_000), LIMITS)).toEqual({
    ...{ kind: "rows", outcome: "failed", column: "", value: 0.499, limit: 0.5 },
    detail: "499 rows, 49.9 % of the 1000 of 2026-W46 (limits: 50 % to 200 %)",
  });
  expect(checkRows(499_999, before(1_000_000), LIMITS).detail).toContain("49.99 % of");
});

test("without rows of an earlier week, or turned off, the check is not possible", () => {
  expect(checkRows(5, null, LIMITS).outcome).toBe("not_possible");
  expect(checkRows(5, before(null), LIMITS).detail).toBe("the number of rows of 2026-W46 is not recorded");
  expect(checkRows(5, before(0), LIMITS).outcome).toBe("not_possible");
  expect(checkRows(5, before(1_000), { disabled: "a pilot" }).outcome).toBe("not_possible");
});
