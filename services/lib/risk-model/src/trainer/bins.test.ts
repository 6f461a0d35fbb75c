import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../random.ts";
import { binColumns, MISSING_BIN } from "./bins.ts";

const value = fc.oneof(
  fc.float({ noDefaultInfinity: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(0, -0, 2 ** -149, 3.4028234663852886e38, -3.4028234663852886e38),
);

test("a value is in a bin up to b exactly when it is at or below edge b, and missing values have their own bin", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (drawn) => {
      const column = Float32Array.from(drawn);
      const { bins, edges } = binColumns(column, column.length, 1);
      const cuts = edges[0] ?? new Float32Array();
      for (const [row, x] of column.entries()) {
        const bin = bins[row] ?? -1;
        if (Number.isNaN(x)) expect(bin).toBe(MISSING_BIN);
        else for (const [b, cut] of cuts.entries()) expect(bin <= b).toBe(x <= cut);
      }
    }),
  );
});

test("each of few distinct values has its own bin", () => {
  const { bins, edges } = binColumns(Float32Array.of(3, 1, 1, 2, 3), 5, 1);
  expect([...(edges[0] ?? [])]).toEqual([1.5, 2.5]);
  expect([...bins]).toEqual([2, 0, 0, 1, 2]);
});

test("many distinct values have at most 255 bins of about equal size", () => {
  const random = createRandom(1);
  const rows = 20_000;
  const { bins, edges } = binColumns(
    new Float32Array(rows).map(() => random.normal() ** 3),
    rows,
    1,
  );
  const counts = new Uint32Array(256);
  for (const bin of bins) counts[bin] = (counts[bin] ?? 0) + 1;
  expect(edges[0]?.length).toBe(254);
  expect(counts[MISSING_BIN]).toBe(0);
  expect(Math.max(...counts)).toBeLessThan(1.2 * (rows / 255));
});
