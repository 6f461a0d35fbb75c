import { expect, test } from "vitest";
import { stackWaterfall } from "./waterfall.ts";

const share = (feature: string, contribution: number) => ({ feature, contribution });

test("each bar begins where the previous one ends, largest magnitude first", () => {
  const { bars, output, domain } = stackWaterfall(-1, [share("a", 0.5), share("b", -2), share("c", 1)], 10);
  expect(bars.map((bar) => [bar.share?.feature, bar.from, bar.to])).toEqual([
    ["b", -1, -3],
    ["c", -3, -2],
    ["a", -2, -1.5],
  ]);
  expect(output).toBe(-1.5);
  expect(domain).toEqual([-3, -1]);
});

test("contributions beyond the limit are one bar, and the sum is the same", () => {
  const { bars, output } = stackWaterfall(0, [share("a", 8), share("b", 4), share("c", -2), share("d", 1)], 2);
  expect(bars.map((bar) => [bar.share?.feature, bar.features, bar.contribution])).toEqual([
    ["a", 1, 8],
    ["b", 1, 4],
    [undefined, 2, -1],
  ]);
  expect(output).toBe(11);
});

test("a single contribution beyond the limit has its own bar", () => {
  expect(stackWaterfall(0, [share("a", 2), share("b", 1)], 1).bars.map((bar) => bar.share?.feature)).toEqual([
    "a",
    "b",
  ]);
});

test("without contributions there is only the base value, and NaN and infinity are left out", () => {
  expect(stackWaterfall(0.3, [], 5)).toEqual({ bars: [], base: 0.3, output: 0.3, domain: [0.3, 0.3] });
  expect(stackWaterfall(0, [share("a", Number.NaN)], 5).bars).toEqual([]);
});
