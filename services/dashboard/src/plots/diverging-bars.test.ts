import { expect, test } from "vitest";
import { layOutDiverging } from "./diverging-bars.ts";

const value = (now: number, previous?: number) => ({ value: now, previous });

test("bars begin at zero and have one scale; last week's value has its place", () => {
  const { zero, bars } = layOutDiverging([value(30, 10), value(-10)], 80);
  expect(zero).toBe(20);
  expect(bars).toEqual([
    { x: 20, width: 60, previousX: 40 },
    { x: 0, width: 20, previousX: undefined },
  ]);
});

test("last week's value is inside the box when it is larger", () => {
  const { bars } = layOutDiverging([value(10, 40)], 80);
  expect(bars[0]).toEqual({ x: 0, width: 20, previousX: 80 });
});

test("small values are visible, and values that are not numbers are not drawn", () => {
  const { bars } = layOutDiverging([value(100), value(0.001), value(Number.NaN)], 100);
  expect(bars.map(({ width }) => width)).toEqual([100, 1.5, 0]);
  expect(layOutDiverging([], 100)).toEqual({ zero: 0, bars: [] });
});
