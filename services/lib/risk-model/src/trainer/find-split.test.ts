import fc from "fast-check";
import { expect, test } from "vitest";
import { MISSING_BIN } from "./bins.ts";
import { findSplit } from "./find-split.ts";
import { createHistograms } from "./histograms.ts";

const BINS = 4;
const row = fc.record({
  bins: fc.array(fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: BINS - 1 }) }, fc.constant(MISSING_BIN)), {
    minLength: 6,
    maxLength: 6,
  }),
  gradient: fc.integer({ min: -5, max: 5 }),
  hessian: fc.integer({ min: 1, max: 4 }),
});
const COLUMNS = Int32Array.of(0, 1, 2, 3, 4, 5);

test("the split has the largest gain of all cuts with missing values on either side", () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 2, maxLength: 25 }),
      fc.integer({ min: 1, max: 6 }),
      (rows, minChildWeight) => {
        const l2 = 1;
        const n = rows.length;
        const bins = new Uint8Array(COLUMNS.length * n);
        for (const [r, made] of rows.entries()) for (const [c, bin] of made.bins.entries()) bins[c * n + r] = bin;
        const pairs = Float64Array.from(rows.flatMap(({ gradient, hessian }) => [gradient, hessian]));
        const edges = Array.from(COLUMNS, () => new Float32Array(BINS - 1));
        const histograms = createHistograms({ rows: n, columns: COLUMNS.length, bins, edges }, pairs, COLUMNS.length);
        const histogram = histograms.take();
        histograms.count(histogram, COLUMNS, Int32Array.from(rows.keys()), 0, n);
        const score = (of: typeof rows): number =>
          of.reduce((s, r) => s + r.gradient, 0) ** 2 / (of.reduce((s, r) => s + r.hessian, 0) + l2);
        const weightOf = (of: typeof rows): number => of.reduce((s, r) => s + r.hessian, 0);
        const gainOf = (goesLeft: (r: (typeof rows)[number]) => boolean): number => {
          const left = rows.filter(goesLeft);
          const right = rows.filter((r) => !goesLeft(r));
          if (weightOf(left) < minChildWeight || weightOf(right) < minChildWeight) return 0;
          return score(left) + score(right) - score(rows);
        };
        const gain = (column: number, cut: number, defaultLeft: boolean): number =>
          gainOf((r) => (r.bins[column] === MISSING_BIN ? defaultLeft : (r.bins[column] ?? 0) <= cut));
        let largest = 0;
        for (const column of COLUMNS)
          for (let cut = 0; cut < BINS; cut++)
            for (const side of [true, false]) largest = Math.max(largest, gain(column, cut, side));
        const total = { gradient: rows.reduce((s, r) => s + r.gradient, 0), hessian: weightOf(rows) };
        const found = findSplit(
          histogram,
          COLUMNS,
          Int32Array.from(COLUMNS, () => BINS),
          total,
          { minChildWeight, l2 },
        );
        if (found === null) expect(largest).toBeLessThan(1e-6);
        else expect(gain(found.column, found.bin, found.defaultLeft)).toBeCloseTo(largest, 9);
      },
    ),
  );
});
