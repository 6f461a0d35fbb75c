import { expect, test } from "vitest";
import { sigmaText } from "./sigma-text.ts";

test("a number of standard deviations never has an exponent", () => {
  expect([0, 0.211, 9.994, 9.996, 34.4, 100, 100.1, 1_234, 1e300, Number.POSITIVE_INFINITY].map(sigmaText)).toEqual([
    ...["0.00 σ", "0.21 σ", "9.99 σ", "10.00 σ", "34 σ", "100 σ"],
    ...Array(4).fill("more than 100 σ"),
  ]);
});
