import { expect, test } from "vitest";
import { createRandom, xoshiro128 } from "./random.ts";

test("xoshiro128** returns the numbers of its authors' reference for the state 1, 2, 3, 4", () => {
  const next = xoshiro128([1, 2, 3, 4]);
  expect(Array.from({ length: 10 }, next)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
});

test("the numbers depend on both seed and stream, and swapping the two changes them", () => {
  const first = (seed: number, stream?: string) => createRandom(seed, stream).uniform();
  expect(first(1, "a")).toBe(first(1, "a"));
  const all = [0, 1, 2, 3, 2 ** 32 - 1].flatMap((seed) =>
    ["", "a", "b", "tree 0", "tree 1"].map((s) => first(seed, s)),
  );
  expect(new Set(all).size).toBe(all.length);
});

test("uniform, below and normal have the moments of their distributions", () => {
  const random = createRandom(42);
  const n = 50_000;
  const mean = (draw: () => number): number => Array.from({ length: n }, draw).reduce((sum, x) => sum + x, 0) / n;
  expect(mean(random.uniform)).toBeCloseTo(0.5, 2);
  expect(mean(() => random.below(7))).toBeCloseTo(3, 1);
  expect(mean(random.normal)).toBeCloseTo(0, 1);
  expect(mean(() => random.normal() ** 2)).toBeCloseTo(1, 1);
});

test("streams of one seed are not correlated", () => {
  const a = createRandom(9, "a");
  const b = createRandom(9, "b");
  const n = 20_000;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  expect(Math.abs(sum / n)).toBeLessThan(0.003);
});
