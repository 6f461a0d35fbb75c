import type { Band } from "@bellwether/contract/band-codes";
import { expect, test } from "vitest";
import type { ComparedRow } from "./compared-row.ts";
import { comparisonStatistics } from "./comparison-statistics.ts";
import { createSummary } from "./comparison-sums.ts";
import { murmur3 } from "./supplier-hash.ts";

const bandOf = (score: number): Band => (score >= 0.7 ? "high" : score >= 0.4 ? "medium" : "low");
const FIRST = [
  ["x", "y", "z"],
  ["y", "x", "z"],
  ["x", "z", "w"],
  ["w", "y", "v"],
  ["z", "y", "x"],
];

/** 120 suppliers with one to three rows each. The expected figures were computed from the same rows with numpy and scipy. */
function* fixedRows(): Generator<ComparedRow> {
  for (let i = 0; i < 120; i++)
    for (let k = 0; k < 1 + (i % 3); k++) {
      const [a, b] = [((i * 37 + k * 11) % 101) / 101, ((i * 37 + k * 11 + (i % 7) * 3) % 101) / 101];
      yield {
        supplierId: `S${i}`,
        atMs: k,
        champion: { value: a, band: bandOf(a), reasons: FIRST[i % 4] ?? [] },
        challenger: { value: b, band: bandOf(b), reasons: FIRST[i % 5] ?? [] },
        times: { championMicros: 100 + (i % 13), challengerMicros: 120 + (i % 17) * 2 },
        segments: [`region=${i % 4 === 0 ? "A" : "B"}`],
      };
    }
}
const statisticsOf = (rows: Iterable<ComparedRow>, segments: readonly string[] = []) => {
  const summary = createSummary(segments);
  for (const row of rows) summary.add(row);
  return comparisonStatistics(summary.sums());
};
const close = (found: object | null, ...[value, low, high]: number[]): void => {
  expect(found).toMatchObject({
    value: expect.closeTo(value ?? 0, 9),
    low: expect.closeTo(low ?? 0, 7),
    high: expect.closeTo(high ?? 0, 7),
  });
};

test("the hash is MurmurHash3 of the UTF-16 units", () => {
  const texts = [
    ["", 0],
    ["", 1],
    ["a", 0],
    ["S_00001", 42],
    ["Lieferant é😀", 7],
  ] as const;
  expect(texts.map(([text, seed]) => murmur3(text, seed))).toEqual([0, 0x514e28b7, 1867108634, 1715078869, 3480444551]);
});

test("all figures equal those of numpy and scipy", () => {
  const found = statisticsOf(fixedRows());
  expect(found).toMatchObject({ rows: 240, suppliers: 120, areSuppliersExact: true, firstMs: 0, lastMs: 2 });
  close(found.shift, 0.0003712871287128723, -0.0378943876264786, 0.03863696188390434);
  close(found.absoluteShift, 0.15235148514851488, 0.12099668928395181, 0.19183148864914187);
  expect(found.shiftDeviation).toBeCloseTo(0.2758042128812978, 10);
  expect(found.championMean).toBeCloseTo(0.48758250825082505, 10);
  expect(found.challengerMean).toBeCloseTo(0.487953795379538, 10);
  expect(found.matrix).toEqual([
    [78, 20, 0, 0],
    [0, 51, 20, 0],
    [21, 0, 50, 0],
    [0, 0, 0, 0],
  ]);
  close(found.changed, 0.25416666666666665, 0.1997276133749246, 0.3149379944222415);
  close(found.higher, 0.16666666666666666, 0.12150179274659687, 0.2204077573069035);
  close(found.lower, 0.0875, 0.051088972588694506, 0.1377370491908474);
  close(found.rankCorrelation, 0.4831594319169779, 0.19256602904689768, 0.6958425497310525);
  expect(found.rankCorrelation?.suppliers).toBe(120);
  close(found.sameFirstReason, 0.3, 0.2121323987049266, 0.40017001052759327);
  close(found.reasonOverlap, 0.6833333333333333, 0.6198945948959806, 0.7421045587771256);
  close(found.championMicros, 105.88333333333334, 105.1452171919478, 106.62663102698274);
  close(found.timeRatio, 1.282779789076027, 1.2649422968841104, 1.30086881537229);
});

test("a version compared with itself has differences of 0, the correlation 1, and intervals that say how sure that is", () => {
  const same = [...fixedRows()].map((row) => ({ ...row, challenger: row.champion }));
  const found = statisticsOf(same, ["region=A", "region=B"]);
  expect(found.shift).toEqual({ value: 0, low: 0, high: 0, rows: 240 });
  expect(found.changed).toMatchObject({ value: 0, low: 0, high: expect.closeTo(1 - 0.025 ** (1 / 120), 10) });
  expect(found.rankCorrelation).toMatchObject({ value: 1, high: 1 });
  expect(found.rankCorrelation?.low).toBeGreaterThan(0.999);
  expect(found.sameFirstReason).toMatchObject({ value: 1, high: 1 });
  expect(found.segments).toEqual({ tested: 2, found: [] });
});

test("with few rows and one that was interrupted, intervals of times are above 0 and those of shares below 1", () => {
  const rows = [...fixedRows()].slice(0, 8).map((row, i) => ({
    ...row,
    challenger: { ...row.challenger, reasons: i === 0 ? ["x", "y", "v"] : row.champion.reasons },
    times: { championMicros: 100, challengerMicros: i === 3 ? 9_000 : 110 },
  }));
  const { challengerMicros, timeRatio, reasonOverlap } = statisticsOf(rows);
  for (const estimate of [challengerMicros, timeRatio]) {
    expect(estimate?.low).toBeGreaterThan(0);
    expect(estimate?.low).toBeLessThan(estimate?.value ?? 0);
  }
  expect(reasonOverlap?.value).toBeLessThan(1);
  expect(reasonOverlap?.high).toBeLessThanOrEqual(1);
});

test("one row has values without intervals", () => {
  const [row] = fixedRows();
  const found = statisticsOf(row === undefined ? [] : [row]);
  expect(found).toMatchObject({ rows: 1, suppliers: 1, shiftDeviation: null, rankCorrelation: null });
  expect(found.shift).toEqual({ value: 0, low: null, high: null, rows: 1 });
  expect(found.changed).toEqual({ value: 0, low: null, high: null, rows: 1 });
});

test("no row has no figures", () => {
  const found = statisticsOf([]);
  expect(found).toMatchObject({
    rows: 0,
    suppliers: 0,
    shift: null,
    changed: null,
    rankCorrelation: null,
    firstMs: null,
  });
  expect(found.segments).toEqual({ tested: 0, found: [] });
});

test("NaN and infinite scores are rows without a score: counted in the matrix, not in the shift", () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, null, 0.5];
  const rows = values.map(
    (value, i): ComparedRow => ({
      ...{ supplierId: `S${i}`, atMs: 0, times: null, segments: [] },
      champion: { value: 0.25, band: "low", reasons: null },
      challenger: { value, band: value === 0.5 ? "medium" : "unknown", reasons: null },
    }),
  );
  const found = statisticsOf(rows);
  expect(found).toMatchObject({ rows: 4, shift: { value: 0.25, rows: 1 }, sameFirstReason: null, timeRatio: null });
  expect(found.matrix[0]).toEqual([0, 1, 0, 3]);
  expect(found).toMatchObject({ changed: { value: 1 }, higher: { value: 0.25 }, lower: { value: 0 } });
});

test("constant scores have a shift but no rank correlation", () => {
  const rows = [...fixedRows()].map((row) => ({ ...row, challenger: { ...row.challenger, value: 0.5 } }));
  const found = statisticsOf(rows);
  expect(found.rankCorrelation).toBeNull();
  expect(found.shift?.value).toBeCloseTo(0.5 - 0.48758250825082505, 10);
});

test("a segment that the challenger scores otherwise is found, and no other", () => {
  const rows = [...fixedRows()].map((row): ComparedRow => {
    const { value } = row.champion;
    const moved = (value ?? 0) + (row.segments[0] === "region=A" ? 0.2 : 0) + (row.atMs % 2) * 0.01;
    return { ...row, challenger: { ...row.champion, value: moved } };
  });
  const { tested, found } = statisticsOf(rows, ["region=A", "region=C"]).segments;
  expect(tested).toBe(1);
  expect(found).toMatchObject([{ segment: "region=A", measure: "shift", rows: 60 }]);
  expect(found[0]?.p).toBeLessThan(1e-6);
  expect(found[0]?.inside).toBeGreaterThan(0.2);
  // Without such a difference: scipy gives p = 0.758 for the fixed rows.
  expect(statisticsOf(fixedRows(), ["region=A", "region=B"]).segments).toEqual({ tested: 2, found: [] });
});

test("the estimated number of suppliers is never above the number of rows", () => {
  const row = { atMs: 0, times: null, segments: [] };
  const answer = { value: 0.5, band: "medium", reasons: null } as const;
  for (let from = 0; from < 20; from++) {
    const rows = Array.from({ length: 3_000 }, (_, i) => ({
      ...{ ...row, supplierId: `S${3_000 * from + i}`, champion: answer, challenger: answer },
    }));
    const { suppliers, areSuppliersExact } = statisticsOf(rows);
    expect(areSuppliersExact).toBe(false);
    expect(suppliers).toBeLessThanOrEqual(3_000);
  }
});
