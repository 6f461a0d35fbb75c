import { expect, test } from "vitest";
import { checkAge } from "./check-age.ts";

const LIMIT = { maxDays: 180 };

test("rows without dates are not checked", () => {
  expect(checkAge("2026-W48", null, LIMIT)).toEqual([]);
  expect(checkAge("2026-W48", null, { disabled: "yearly data" })).toEqual([]);
});

test("dates up to the limit before the Monday of the week pass, also those of the week and later ones", () => {
  for (const date of ["2026-05-27", "2026-11-23", "2026-11-29", "2027-01-01"])
    expect(checkAge("2026-W48", date, LIMIT)).toMatchObject([{ kind: "data_age", outcome: "passed", limit: 180 }]);
  expect(checkAge("2026-W48", "2026-05-27", LIMIT)).toMatchObject([{ value: 180 }]);
});

test("older dates fail, with both dates, the days and the limit", () => {
  expect(checkAge("2026-W48", "2025-12-28", LIMIT)).toMatchObject([
    {
      ...{ kind: "data_age", outcome: "failed", column: "", value: 330, limit: 180 },
      detail:
        "the newest date of the rows is 2025-12-28, 330 days before 2026-W48 begins (limit: 180 days); give the file of the week",
    },
  ]);
});

test("the check can be turned off with a reason", () => {
  expect(checkAge("2026-W48", "2020-01-01", { disabled: "yearly data" })).toMatchObject([
    { outcome: "not_possible", detail: expect.stringContaining("yearly data") },
  ]);
});
