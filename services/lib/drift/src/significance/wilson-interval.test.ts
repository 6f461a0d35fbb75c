import { expect, test } from "vitest";
import { wilsonInterval } from "./wilson-interval.ts";

test("the interval has the published values, and stays within 0 and 1", () => {
  // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I.
  const rounded = (positive: number, rows: number) =>
    Object.values(wilsonInterval(positive, rows)).map((end) => Number(end.toFixed(4)));
  expect(rounded(81, 263)).toEqual([0.2553, 0.3662]);
  expect(rounded(15, 148)).toEqual([0.0624, 0.1605]);
  expect(rounded(0, 20)).toEqual([0, 0.1611]);
  expect(rounded(1, 29)).toEqual([0.0061, 0.1718]);
  expect(rounded(20, 20)).toEqual([0.8389, 1]);
  expect(rounded(1, 1)).toEqual([0.2065, 1]);
});
