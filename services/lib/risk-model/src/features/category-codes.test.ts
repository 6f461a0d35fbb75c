import type { CategoryCodes } from "@bellwether/tree-model/trees/category-codes";
import { describe, expect, test } from "vitest";
import type { BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import { createVectorizer } from "./vectorize.ts";

const feature = (name: string, codes?: CategoryCodes): BundleFeature => ({
  name,
  kind: "numeric",
  unit: "",
  range: null,
  missing: "keep",
  direction: "unknown",
  monotone: false,
  immutable: false,
  training: null,
  categories: [],
  ...(codes !== undefined && { codes }),
});

/** Returns a bundle of one coded feature and one number. */
const bundleOf = (codes: CategoryCodes): FeatureBundle => ({
  format: "bellwether.feature-bundle/1",
  modelName: "coded",
  modelKind: "imported",
  configHash: "",
  features: [feature("country", codes), feature("spend")],
  columns: [
    { kind: "numeric", feature: "country" },
    { kind: "numeric", feature: "spend" },
  ],
  text: null,
  minimumPresent: 0.5,
  outputSpace: "raw",
  classes: { risk: "high", other: "low" },
  calibration: { kind: "none" },
  bands: { high: 0.7, medium: 0.4 },
  explanation: { kind: "none", background: "" },
  golden: [],
  seed: 0,
});

const NAMED: CategoryCodes = { values: [0, 1, 2], labels: ["DE", "FR", "IT"], other: null };
const vectorize = (codes: CategoryCodes, features: Record<string, number>, categories: Record<string, string> = {}) =>
  createVectorizer(bundleOf(codes)).vectorize(
    { features: { spend: 1, ...features }, categories, text: "" },
    "supplier",
  );

test("a text and its code have the same row", () => {
  expect(vectorize(NAMED, {}, { country: "FR" }).row).toEqual(Float32Array.of(1, 1));
  expect(vectorize(NAMED, { country: 1 })).toMatchObject({ row: Float32Array.of(1, 1), warnings: [], missing: [] });
});

test("an unknown code is scored with a warning that lists the known ones", () => {
  expect(vectorize(NAMED, { country: 77 })).toMatchObject({
    row: Float32Array.of(77, 1),
    violations: [],
    warnings: [
      {
        code: "UNKNOWN_CATEGORY",
        feature: "country",
        message: "country is 77, which the model does not know; it knows 0 (DE), 1 (FR), 2 (IT)",
      },
    ],
  });
  const unnamed = { ...NAMED, labels: null };
  expect(vectorize(unnamed, { country: 3 }).warnings).toMatchObject([
    { message: "country is 3, which the model does not know; it knows 0, 1, 2" },
  ]);
});

describe("categories that are numbers", () => {
  const NUMBERED: CategoryCodes = { values: [0, 1, 2], labels: ["1", "2", "30"], other: null };

  test.each([
    [1, 0],
    [2, 1],
    [30, 2],
  ])("the number %d is the category, as in the trainer's data frame, not its code", (number, code) => {
    const alone = vectorize(NUMBERED, { country: number });
    expect(alone).toMatchObject({ row: Float32Array.of(code, 1), warnings: [], missing: [] });
    const { vectorizeBatch } = createVectorizer(bundleOf(NUMBERED));
    const numbers = new Map([
      ["spend", Float64Array.of(1)],
      ["country", Float64Array.of(number)],
    ]);
    const batch = { rows: 1, numbers, texts: null };
    expect([...vectorizeBatch({ ...batch, categories: new Map() }).values]).toEqual([code, 1]);
    const withTexts = { ...batch, categories: new Map([["country", [null]]]) };
    expect([...vectorizeBatch(withTexts).values]).toEqual([code, 1]);
  });

  test("a number that is only a code is read as the code, with a warning; another number is unknown", () => {
    expect(vectorize(NUMBERED, { country: 0 })).toMatchObject({
      row: Float32Array.of(0, 1),
      warnings: [{ message: "country is 0, which is not one of its categories; it is read as the code of 1" }],
    });
    expect(vectorize(NUMBERED, { country: 77 }).warnings).toMatchObject([{ code: "UNKNOWN_CATEGORY" }]);
  });
});

test("an unknown text counts as missing, or has the code of all other texts", () => {
  expect(vectorize(NAMED, {}, { country: "PL" })).toMatchObject({
    row: Float32Array.of(Number.NaN, 1),
    missing: ["country"],
    warnings: [{ code: "UNKNOWN_CATEGORY" }],
  });
  const encoder = { ...NAMED, other: -1 };
  expect(vectorize(encoder, {}, { country: "PL" })).toMatchObject({ row: Float32Array.of(-1, 1), missing: [] });
  expect(vectorize(encoder, {})).toMatchObject({ row: Float32Array.of(-1, 1), missing: ["country"], warnings: [] });
});

test("rejects a code and a text of the same feature", () => {
  expect(vectorize(NAMED, { country: 0 }, { country: "DE" }).violations).toMatchObject([
    { field: "supplier.categories.country", reason: "FEATURE_WRONG_KIND" },
  ]);
});

test("a text of a column without texts is read as a number", () => {
  expect(vectorize({ ...NAMED, labels: null }, {}, { country: "2" }).row).toEqual(Float32Array.of(2, 1));
});

test("a batch counts the values that are no category of the model, also those that have the code of all others", () => {
  const spend = ["spend", Float64Array.of(1, 1, 1, 1)] as const;
  const count = (codes: CategoryCodes, numbers: readonly number[], texts?: readonly (string | null)[]) => {
    const { vectorizeBatch } = createVectorizer(bundleOf(codes));
    const categories = new Map(texts === undefined ? [] : [["country", [...texts]] as const]);
    const given = new Map([spend, ["country", Float64Array.from(numbers)] as const]);
    return [...vectorizeBatch({ rows: 4, numbers: given, categories, texts: null }).unknownCategories];
  };
  const none = Number.NaN;
  expect(count(NAMED, [0, 77, none, 3])).toEqual([["country", 2]]);
  expect(count(NAMED, [0, none, none, 78], [null, "DE", "PL", null])).toEqual([["country", 2]]);
  expect(count({ ...NAMED, other: -1 }, [none, none, none, none], ["PL", "SE", "FR", null])).toEqual([["country", 2]]);
  expect(count(NAMED, [0, 1, 2, none])).toEqual([]);
});

test("a batch accepts texts too, and has the rows of single suppliers", () => {
  const { vectorizeBatch } = createVectorizer(bundleOf(NAMED));
  const numbers = new Map([["spend", Float64Array.of(1, 1, 1)]]);
  const texts = new Map([["country", ["IT", "PL", null]]]);
  const batch = vectorizeBatch({ rows: 3, numbers, categories: texts, texts: null });
  expect([...batch.values]).toEqual([2, 1, Number.NaN, 1, Number.NaN, 1]);
  expect([...batch.missingCounts]).toEqual([0, 1, 1]);
  expect([...batch.unknownCategories]).toEqual([["country", 1]]);
  const both = new Map([...numbers, ["country", Float64Array.of(Number.NaN, 0, 1)]]);
  const mixed = vectorizeBatch({ rows: 3, numbers: both, categories: texts, texts: null });
  expect(mixed.violations).toMatchObject([{ row: 1, reason: "FEATURE_WRONG_KIND", field: "categories.country" }]);
  expect(mixed.values[4]).toBe(1);
});
