import { expect, test } from "vitest";
import { flatText } from "./flat-text.ts";

test.each([
  [
    "supplier.features.late_ratio: late_ratio is 45; possible are 0 to 1 share",
    "late_ratio is 45; possible are 0 to 1 share",
  ],
  [
    "supplier.features.a: a is missing; supplier.categories.b: b is a number; and 2 more",
    "a is missing; b is a number; and 2 more",
  ],
  ['supplier.features.late: unknown feature "late"', 'late: unknown feature "late"'],
  ["supplier.features.late: late_ratio is 45", "late: late_ratio is 45"],
])("%j is %j in flat JSON", (text, flat) => {
  expect(flatText(text)).toBe(flat);
});
