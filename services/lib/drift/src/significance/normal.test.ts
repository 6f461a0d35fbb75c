import { expect, test } from "vitest";
import { normalDensity, upperTail } from "./normal.ts";

test("equals the tails of scipy.stats.norm.sf, small ones too", () => {
  for (const [x, tail] of [
    [0, 0.5],
    [1, 0.15865525393145707],
    [2.999999, 0.0013499024556],
    [3, 0.0013498980316300933],
    [6, 9.865876450376946e-10],
    [20, 2.7536241186062337e-89],
  ] as const)
    expect(upperTail(x) / tail - 1).toBeCloseTo(0, x === 2.999999 ? 6 : 11);
  expect(upperTail(40)).toBe(0);
  expect(normalDensity(0)).toBeCloseTo(0.3989422804014327, 15);
});
