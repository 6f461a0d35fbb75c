import fc from "fast-check";
import { expect, test } from "vitest";
import { cellOf, fillCells, makeCells } from "./cells.ts";
import { cellsOfProfile, profileNumbers } from "./numeric-profile.ts";

test("a value that half of the rows have is a cell of its own, and its neighbors are not in it", () => {
  const values = Float64Array.from({ length: 1_000 }, (_, i) => Math.max(0, i - 499)).sort();
  const cells = makeCells(values);
  const zero = cellOf(cells, 0);
  expect(zero % 2).toBe(1);
  expect(fillCells(cells, values).counts[zero]).toBe(500);
  expect(cellOf(cells, -0.001)).not.toBe(zero);
  expect(cellOf(cells, 0.001)).not.toBe(zero);
});

test("a constant has one atom; lower and higher values have other cells", () => {
  const cells = makeCells(new Float64Array(300).fill(100));
  expect([50, 100, 150].map((value) => cellOf(cells, value))).toEqual([0, 1, 2]);
});

test("40 different values are atoms; the cells of 41 and more have nearly equal numbers of rows", () => {
  const of = (n: number) => makeCells(Float64Array.from({ length: 40 * n }, (_, i) => i % n).sort());
  expect(of(40).atoms.every((atom) => atom === 1)).toBe(true);
  const values = Float64Array.from({ length: 10_000 }, (_, i) => Math.sin(i)).sort();
  const { counts } = fillCells(makeCells(values), values);
  expect(Math.max(...counts)).toBeLessThanOrEqual(251);
  expect(counts[0]).toBe(50);
});

test("every value is in exactly one cell, and a profile has the cells and rows of its values", () => {
  const numbers = fc.array(
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    {
      minLength: 1,
      maxLength: 300,
    },
  );
  fc.assert(
    fc.property(numbers, numbers, (left, right) => {
      const values = Float64Array.from(left, (x) => x + 0);
      const { cells, rows } = cellsOfProfile(profileNumbers("x", values));
      expect(rows).toEqual(fillCells(makeCells(values.toSorted()), values.toSorted()));
      const other = fillCells(cells, Float64Array.from(right).sort());
      expect(other.counts.reduce((a, b) => a + b, 0)).toBe(right.length);
      for (const value of right) expect(other.counts[cellOf(cells, value)]).toBeGreaterThan(0);
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("NaN is missing", () => {
  expect(profileNumbers("x", Float64Array.of(1, Number.NaN, 2))).toMatchObject({ rows: 3, missing: 1, suppliers: 3 });
  expect(profileNumbers("x", Float64Array.of(Number.NaN))).toMatchObject({ missing: 1, cuts: [] });
});
