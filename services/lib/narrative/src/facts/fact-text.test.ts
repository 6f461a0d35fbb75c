import { expect, test } from "vitest";
import { localNumber, localScore } from "./fact-text.ts";

test.each([
  [0.45, "0.45", "0,45"],
  [9_999, "9999", "9999"],
  [10_000, "10,000", "10.000"],
  [4_654_040.87, "4,654,000", "4.654.000"],
  [-12_345, "-12,345", "-12.345"],
  [1e21, "1e+21", "1e+21"],
  [0, "0", "0"],
])("%d is %j in English and %j in German", (x, english, german) => {
  expect([localNumber(x, "en"), localNumber(x, "de")]).toEqual([english, german]);
});

test("a score has two decimals", () => {
  expect([localScore(0.871, "en"), localScore(1, "de")]).toEqual(["0.87", "1,00"]);
});
