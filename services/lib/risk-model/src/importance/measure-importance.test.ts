import { describe, expect, test } from "vitest";
import type { BundleColumn, BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import { IMPORTANCE_LIMITS, type Importance, MAX_IMPORTANCE_BYTES, parseImportance, spreadRows } from "./importance.ts";
import { importanceSection } from "./importance-lines.ts";
import { measureImportance } from "./measure-importance.ts";

const feature = (name: string, categories: readonly string[] = []): BundleFeature => ({
  ...{ name, unit: categories.length > 0 ? "" : "days", range: null, missing: "keep", direction: "unknown" },
  ...{ monotone: false, immutable: false, training: null, categories },
  kind: categories.length > 0 ? "category" : "numeric",
});

const COLUMNS: readonly BundleColumn[] = [
  { kind: "numeric", feature: "delay" },
  { kind: "category", feature: "region", category: "EU" },
  { kind: "category", feature: "region", category: "US" },
  { kind: "term", feature: "text", term: "penalty" },
  { kind: "term", feature: "text", term: "never" },
];
const BUNDLE: FeatureBundle = {
  ...{ format: "bellwether.feature-bundle/1", modelName: "m", modelKind: "imported", configHash: "" },
  features: [feature("delay"), feature("region", ["EU", "US"])],
  columns: COLUMNS,
  text: { feature: "text", stopWords: "none", terms: ["penalty", "never"], idf: [1, 1] },
  ...{ minimumPresent: 0, outputSpace: "margin", classes: { risk: "high", other: "low" } },
  calibration: { kind: "none" },
  bands: { high: 0.7, medium: 0.4 },
  explanation: { kind: "path-dependent", background: "covers" },
  ...{ golden: [], seed: 0 },
};
const { NaN: NONE } = Number;
const ROWS = [
  [1, 1, 0, 0.5, 0],
  [2, 0, 1, 0, 0],
  [2, 1, 0, 0, 0],
  [NONE, 0, 0, 0.5, 0],
];
const PHI = [
  [1, -0.5, 0.25, 0.2, 0],
  [2, 0, 0.5, -0.1, 0],
  [-3, 0.5, 0, -0.1, 0],
  [0.5, 0, 0, 0.4, 0],
];
const measure = (bundle: FeatureBundle, rows = ROWS, phi = PHI): Importance | null =>
  measureImportance(bundle, { values: Float32Array.from(rows.flat()), count: rows.length, text: "4 rows" }, () =>
    Float32Array.from(phi.flat()),
  );

describe("the importance of features", () => {
  test("is the mean magnitude of their contributions: columns of a category and words of a text together", () => {
    const { features, rows, rowsText, kind } = measure(BUNDLE) ?? { features: [] };
    expect([rows, rowsText, kind]).toEqual([4, "4 rows", "path-dependent"]);
    expect(features.map((of) => [of.feature, Number(of.meanMagnitude.toFixed(6))])).toEqual([
      ["delay", 1.625],
      ["region", 0.3125],
      ["text", 0.2],
    ]);
    expect(features.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test("has the mean contribution by range of values, with equal values in one range, and of missing values", () => {
    expect(measure(BUNDLE)?.features[0]?.dependence).toEqual([
      { range: [1, 1], category: "", rows: 1, meanContribution: 1 },
      { range: [2, 2], category: "", rows: 2, meanContribution: -0.5 },
      { range: null, category: "", rows: 1, meanContribution: 0.5 },
    ]);
  });

  test("has the mean contribution by category, most rows first", () => {
    expect(measure(BUNDLE)?.features[1]?.dependence).toEqual([
      { range: null, category: "EU", rows: 2, meanContribution: 0.125 },
      { range: null, category: "", rows: 1, meanContribution: 0 },
      { range: null, category: "US", rows: 1, meanContribution: 0.5 },
    ]);
  });

  test("has the words of a text, with the mean contribution where the word is", () => {
    const words = measure(BUNDLE)?.features[2]?.words ?? [];
    expect(words.map(({ word }) => word)).toEqual(["penalty", "never"]);
    expect(words[0]?.meanContribution).toBeCloseTo(0.3, 6);
    expect(words[1]?.meanContribution).toBeNull();
  });

  test("is not computed without rows or without contributions", () => {
    expect(measure(BUNDLE, [], [])).toBeNull();
    expect(measure({ ...BUNDLE, explanation: { kind: "none", background: "no covers" } })).toBeNull();
  });

  test("is bounded, and reads back as it was written", () => {
    const wide = Array.from({ length: IMPORTANCE_LIMITS.features + 76 }, (_, f) => `f${f}`);
    const bundle: FeatureBundle = {
      ...BUNDLE,
      features: wide.map((name) => feature(name)),
      columns: wide.map((name) => ({ kind: "numeric", feature: name })),
      text: null,
    };
    const rows = Array.from({ length: 200 }, (_, r) => wide.map((_, f) => r * 0.37 + f));
    const importance = measure(bundle, rows, rows);
    const json = JSON.stringify(importance);
    expect(json.length).toBeLessThan(MAX_IMPORTANCE_BYTES);
    expect(importance?.features.length).toBe(IMPORTANCE_LIMITS.features);
    expect(importance?.features.filter(({ dependence }) => dependence.length > 0).length).toBe(100);
    expect(Math.max(...(importance?.features ?? []).map(({ dependence }) => dependence.length))).toBe(20);
    expect(importance?.features[0]?.dependence.reduce((sum, point) => sum + point.rows, 0)).toBe(200);
    expect(parseImportance(json)).toEqual(importance);
  });
});

test.each([
  ["{", "importance.json is not JSON"],
  ["{}", "importance.json: format: "],
  ['{"format":"bellwether.importance/1","rows":"x"}', "importance.json: rows: "],
])("a file %s is rejected with the field", (text, message) => {
  expect(() => parseImportance(text)).toThrow(message);
});

test("rows are spread evenly over all rows", () => {
  expect([...spreadRows(3, 5)]).toEqual([0, 1, 2]);
  expect([...spreadRows(10, 4)]).toEqual([0, 2, 5, 7]);
  expect([...spreadRows(0)]).toEqual([]);
});

test("the section of the card lists the features, or says why they are not known", () => {
  const section = importanceSection(measure(BUNDLE), "");
  expect(section).toContain("| `delay` | 1.63 | 76.0 % | ≤ 1 days: +1.0, ≥ 2 days: −0.50 |");
  expect(section).toContain("| `region` | 0.313 | 14.6 % | EU: +0.13, US: +0.50 |");
  expect(section).toContain("| `text` | 0.200 | 9.4 % | “penalty”: +0.30, “never”: in no text |");
  expect(importanceSection(null, "no rows")).toContain("is not known: no rows.");
});
