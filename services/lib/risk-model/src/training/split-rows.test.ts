import type { SplitSpec } from "@bellwether/config/model-spec";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { FeatureTable } from "../tables/feature-table.ts";
import { dayOf, isoDay } from "./iso-day.ts";
import { splitRows } from "./split-rows.ts";
import { NoRowsError, NoTimeError } from "./training-error.ts";

const byTime: SplitSpec = {
  by: "time",
  testShare: 0.2,
  testFrom: "2012-10-01",
  gapDays: 10,
  horizonDays: 90,
  calibrationShare: 0.3,
};
const bySupplier: SplitSpec = { ...byTime, by: "supplier", testFrom: null };

function makeTable(rows: readonly { readonly id: string; readonly day: number }[], timed = true): FeatureTable {
  return {
    rows: rows.length,
    supplierIds: rows.map((row) => row.id),
    asOfDays: timed ? Int32Array.from(rows, (row) => row.day) : null,
    numbers: new Map(),
    categories: new Map(),
    texts: null,
    labels: null,
  };
}
const allRows = (table: FeatureTable): Uint32Array => Uint32Array.from({ length: table.rows }, (_, row) => row);
const split = (table: FeatureTable, spec: SplitSpec, seed = 1) => splitRows(table, allRows(table), spec, seed);
/** Returns the months of 40 suppliers from 2010 to 2013. */
const months = makeTable(
  Array.from({ length: 40 * 40 }, (_, i) => ({ id: `v${i % 40}`, day: dayOf("2010-01-01") + 30 * Math.floor(i / 40) })),
);

test("by time: each label window and the gap end before the test period, and every row is counted", () => {
  const row = fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e"), day: fc.integer({ min: 0, max: 400 }) });
  const spec = fc.record({ horizonDays: fc.integer({ min: 0, max: 90 }), gapDays: fc.integer({ min: 0, max: 30 }) });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), spec, (rows, window) => {
      // both ends of the period are included, so that no side is empty
      const table = makeTable([{ id: "first", day: -1 }, ...rows, { id: "last", day: 500 }]);
      const made = { ...byTime, ...window, testFrom: isoDay(300), calibrationShare: 1e-9 };
      const { train, calibration, test: tested, purged, testFromDay } = split(table, made);
      expect(testFromDay).toBe(300);
      expect(train.length + calibration.length + tested.length + purged).toBe(table.rows);
      for (const r of train)
        expect((table.asOfDays?.[r] ?? 0) + window.horizonDays + window.gapDays).toBeLessThanOrEqual(300);
      for (const r of tested) expect(table.asOfDays?.[r]).toBeGreaterThanOrEqual(300);
    }),
  );
});

test("by time: a window may end on the day before the test period, but not later", () => {
  const from = dayOf("2012-10-01");
  const at = (day: number) =>
    split(makeTable([...Array(5).fill({ id: "old", day: 0 }), { id: "x", day }, { id: "new", day: from }]), {
      ...byTime,
      calibrationShare: 1e-9,
    }).purged;
  expect(at(from - 100)).toBe(0);
  expect(at(from - 99)).toBe(1);
  expect(at(from)).toBe(0);
});

test("by time without a date: the latest share of rows is the test", () => {
  const { test: tested, testFromDay } = split(months, { ...byTime, testFrom: null });
  expect(tested.length / months.rows).toBeCloseTo(0.2, 1);
  expect(Math.min(...Array.from(tested, (row) => months.asOfDays?.[row] ?? 0))).toBe(testFromDay);
});

test("calibration rows belong to suppliers that are not in the training rows", () => {
  for (const spec of [byTime, bySupplier]) {
    const { train, calibration } = split(months, spec);
    const trained = new Set(Array.from(train, (row) => months.supplierIds[row]));
    expect(calibration.length).toBeGreaterThan(0);
    for (const row of calibration) expect(trained.has(months.supplierIds[row])).toBe(false);
  }
});

test("by supplier: no supplier is on both sides, and new suppliers do not move others", () => {
  const { train, calibration, test: tested } = split(months, bySupplier);
  const sideOf = new Map<string | undefined, string>();
  for (const [side, rows] of Object.entries({ train, calibration, tested })) {
    for (const row of rows) {
      const id = months.supplierIds[row];
      expect(sideOf.get(id) ?? side).toBe(side);
      sideOf.set(id, side);
    }
  }
  const more = makeTable([
    ...months.supplierIds.map((id) => ({ id, day: 0 })),
    ...Array.from({ length: 50 }, (_, i) => ({ id: `new${i}`, day: 0 })),
  ]);
  const moreTested = split(more, bySupplier).test;
  expect(moreTested.filter((row) => row < months.rows)).toEqual(tested);
});

test("another seed holds out other suppliers", () => {
  expect(split(months, bySupplier, 1).test).not.toEqual(split(months, bySupplier, 2).test);
});

test("rejects an empty side, and a split by time over data without time, with a way out", () => {
  const old = makeTable([{ id: "a", day: 0 }]);
  expect(() => split(old, byTime)).toThrow(NoRowsError);
  expect(() => split(makeTable([{ id: "a", day: dayOf("2013-01-01") }]), byTime)).toThrow("no training rows are left");
  expect(() => split(makeTable([{ id: "a", day: 0 }], false), byTime)).toThrow(NoTimeError);
  expect(() => split(makeTable([]), bySupplier)).toThrow(NoRowsError);
});
