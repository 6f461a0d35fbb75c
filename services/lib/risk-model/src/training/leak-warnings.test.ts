import { expect, test } from "vitest";
import type { FeatureTable } from "../tables/feature-table.ts";
import { leakWarnings } from "./leak-warnings.ts";

const ROWS = 400;
const labels = Uint8Array.from({ length: ROWS }, (_, i) => (i % 4 === 0 ? 1 : 0));
const noise = (i: number): number => (i * 7919) % 101;

function warningsOf(table: Partial<FeatureTable>): string[] {
  const full: FeatureTable = {
    rows: ROWS,
    supplierIds: Array.from({ length: ROWS }, (_, i) => `s${i}`),
    asOfDays: null,
    numbers: new Map(),
    categories: new Map(),
    texts: null,
    labels,
    ...table,
  };
  return leakWarnings(full, labels, Uint32Array.from(labels.keys()));
}

const number = (of: (i: number) => number) => ({
  numbers: new Map([["amount", Float64Array.from(labels.keys(), of)]]),
});
const category = (of: (i: number) => string | null) => ({
  categories: new Map([["status", Array.from(labels.keys(), of)]]),
});

test("a number that is the label, or ranks nearly like it, is reported; a good feature is not", () => {
  expect(warningsOf(number((i) => -(labels[i] ?? 0)))[0]).toMatch(
    /^the feature amount may contain the label: its value separates the classes/,
  );
  // One of 100 positive rows is among the negative ones: AUC 0.9925. With three of them it is 0.9775.
  const withErrors = (errors: number) =>
    number((i) =>
      (labels[i] ?? 0) === 1 && i >= errors * 4 ? 1000 + noise(i) : noise(i) / 1000 + 50 * Number(labels[i] === 1),
    );
  expect(warningsOf(withErrors(1))).toHaveLength(1);
  expect(warningsOf(number((i) => noise(i) + 60 * (labels[i] ?? 0)))).toEqual([]);
});

test("a number that is filled in for one class only is reported", () => {
  expect(warningsOf(number((i) => (labels[i] === 1 ? noise(i) : Number.NaN)))[0]).toContain(
    "its being filled in separates the classes",
  );
  expect(warningsOf(number((i) => (i % 3 === 0 ? noise(i) : Number.NaN)))).toEqual([]);
});

test("a category that names the class is reported; one of many rare values is not", () => {
  expect(warningsOf(category((i) => (labels[i] === 1 ? "closed" : "open")))[0]).toContain(
    "its category separates the classes",
  );
  expect(warningsOf(category((i) => `value ${i}`))).toEqual([]);
  expect(warningsOf(category((i) => `value ${i % 3}`))).toEqual([]);
});

test("a label that never changes over the dates of a supplier is reported; an event is not", () => {
  const dated = (event: (i: number) => number) => {
    const asOfDays = Int32Array.from({ length: ROWS }, (_, i) => i % 4);
    const supplierIds = Array.from({ length: ROWS }, (_, i) => `s${i >> 2}`);
    const own = Uint8Array.from({ length: ROWS }, (_, i) => event(i));
    const table = {
      rows: ROWS,
      supplierIds,
      asOfDays,
      numbers: new Map(),
      categories: new Map(),
      texts: null,
      labels: own,
    };
    return leakWarnings(table, own, Uint32Array.from(own.keys()));
  };
  expect(dated((i) => ((i >> 2) % 5 === 0 ? 1 : 0))[0]).toMatch(
    /^the label may be known only later: it is the same at all dates of each of 100 suppliers/,
  );
  expect(dated((i) => ((i >> 2) % 5 === 0 && i % 4 === 3 ? 1 : 0))).toEqual([]);
});
