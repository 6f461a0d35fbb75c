import type { ColumnProfile } from "@bellwether/plausibility/column-profile";
import { expect, test } from "vitest";
import { readStoredProfile } from "./stored-profile.ts";

const numbers = { min: 0, p05: 1, p25: 2, median: 3, p75: 4, p95: 5, max: 6, mean: 3 };
const counts = { column: "spend", rows: 10, missing: 1, distinct: 9, topValue: "3", topRows: 2 };
const now: ColumnProfile = { ...counts, kind: "number", numbers };

test("a profile of this release is read as it was stored", () => {
  expect(readStoredProfile([now])).toEqual([now]);
});

test("a profile of an earlier release keeps its figures, and a column without all of them has none", () => {
  expect(readStoredProfile([{ ...counts, ...numbers, kind: "number" }])).toEqual([now]);
  expect(readStoredProfile([{ ...counts, ...numbers, p05: null, kind: "unknown" }])).toEqual([
    { ...counts, kind: "text", numbers: null },
  ]);
});
