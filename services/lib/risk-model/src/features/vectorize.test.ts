import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BundleColumn, BundleFeature, FeatureBundle } from "../bundle/feature-bundle.ts";
import type { SupplierInput } from "./supplier-input.ts";
import { createVectorizer } from "./vectorize.ts";

const numeric = (name: string, over: Partial<BundleFeature> = {}): BundleFeature => ({
  name,
  kind: "numeric",
  unit: "share",
  range: [0, 1],
  missing: "keep",
  direction: "unknown",
  monotone: false,
  immutable: false,
  training: { min: 0.1, max: 0.9, median: 0.25 },
  categories: [],
  ...over,
});

function makeBundle(over: Partial<FeatureBundle> = {}): FeatureBundle {
  const features = over.features ?? [
    numeric("late_ratio"),
    numeric("dispute_rate", { missing: "median" }),
    numeric("annual_spend", { range: [0, 1e12], unit: "usd", training: { min: 10, max: 5_000, median: 100 } }),
    { ...numeric("region", { training: null, range: null, unit: "" }), kind: "category", categories: ["EU", "US"] },
  ];
  const text = { feature: "contract_text", stopWords: "none" as const, terms: ["penalty", "clause"], idf: [1, 2] };
  return {
    format: "bellwether.feature-bundle/1",
    modelName: "m",
    modelKind: "gradient_boosting",
    configHash: "",
    features,
    columns: [
      ...features.flatMap((f): BundleColumn[] =>
        f.kind === "numeric"
          ? [{ kind: "numeric", feature: f.name }]
          : f.categories.map((category) => ({ kind: "category", feature: f.name, category })),
      ),
      ...text.terms.map((term) => ({ kind: "term" as const, feature: "contract_text", term })),
    ],
    text,
    minimumPresent: 0.5,
    outputSpace: "margin",
    classes: { risk: "high", other: "low" },
    calibration: { kind: "none" },
    bands: { high: 0.7, medium: 0.4 },
    explanation: { kind: "none", background: "" },
    golden: [],
    seed: 1,
    ...over,
  };
}

const whole: SupplierInput = {
  features: { late_ratio: 0.5, dispute_rate: 0.2, annual_spend: 1_000 },
  categories: { region: "US" },
  text: "Penalty clause",
};
const { vectorize, vectorizeBatch, columnNames } = createVectorizer(makeBundle());
const violationsOf = (over: Partial<SupplierInput>) =>
  vectorize({ ...whole, ...over }, "supplier").violations.map(({ field, reason, message }) => ({
    field,
    reason,
    message,
  }));

test("a complete supplier fills the columns in the model's order, as float32", () => {
  const { row, missing, warnings, enough, violations } = vectorize(whole, "supplier");
  expect(columnNames).toEqual([
    ...["late_ratio", "dispute_rate", "annual_spend", "region=EU", "region=US"],
    ...["contract_text:penalty", "contract_text:clause"],
  ]);
  expect([...row.subarray(0, 5)]).toEqual([0.5, Math.fround(0.2), 1_000, 0, 1]);
  expect(Math.hypot(row[5] ?? 0, row[6] ?? 0)).toBeCloseTo(1, 6);
  expect({ missing, warnings, enough, violations }).toEqual({
    missing: [],
    warnings: [],
    enough: true,
    violations: [],
  });
});

describe("rejects", () => {
  test("an unknown name, and names the nearest known one", () => {
    expect(violationsOf({ features: { late_rato: 0.5 } })).toEqual([
      {
        field: "supplier.features.late_rato",
        reason: "FEATURE_UNKNOWN",
        message: 'unknown feature "late_rato"; did you mean "late_ratio"?',
      },
    ]);
    expect(violationsOf({ categories: { zzzzzzzzzzzz: "" } })[0]?.message).toContain(
      "known are late_ratio, dispute_rate",
    );
  });

  test("names of Object's own properties as unknown names", () => {
    const hostile = JSON.parse('{"__proto__":1,"constructor":1,"toString":1,"hasOwnProperty":1}');
    expect(violationsOf({ features: hostile }).map((f) => f.reason)).toEqual(Array(4).fill("FEATURE_UNKNOWN"));
    const inherited = Object.create({ late_ratio: 0.5 });
    expect(vectorize({ ...whole, features: inherited }, "s").missing).toContain("late_ratio");
  });

  test("a thousand long unknown names with a response of bounded size", () => {
    const flood = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`${"x".repeat(2_000)}${i}`, 1]));
    const violations = violationsOf({ features: flood });
    expect(violations).toHaveLength(16);
    expect(Math.max(...violations.map((f) => f.message.length + f.field.length))).toBeLessThan(400);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%s as a number", (value) => {
    expect(violationsOf({ features: { late_ratio: value } })[0]).toMatchObject({
      field: "supplier.features.late_ratio",
      reason: "FEATURE_NOT_FINITE",
    });
  });

  test("a number beyond float32, whatever the declared range", () => {
    const wide = createVectorizer(makeBundle({ features: [numeric("x", { range: [0, 1e300] })] }));
    const reasons = (x: number) =>
      wide.vectorize({ features: { x }, categories: {}, text: "" }, "s").violations.map((f) => f.reason);
    expect(reasons(3.4e38)).toEqual([]);
    expect(reasons(3.5e38)).toEqual(["FEATURE_NOT_FINITE"]);
  });

  test("a number outside the declared range, on both sides of each bound", () => {
    expect(violationsOf({ features: { late_ratio: 0 } })).toEqual([]);
    expect(violationsOf({ features: { late_ratio: 1 } })).toEqual([]);
    for (const value of [-1e-6, 1.000001]) {
      expect(violationsOf({ features: { late_ratio: value } })[0]).toMatchObject({
        reason: "FEATURE_OUT_OF_RANGE",
        message: `late_ratio is ${value}; possible are 0 to 1 share`,
      });
    }
    const unknownUnit = createVectorizer(makeBundle({ features: [numeric("x", { unit: "" })] }));
    expect(unknownUnit.vectorize({ features: { x: 2 }, categories: {}, text: "" }, "s").violations[0]?.message).toBe(
      "x is 2; possible are 0 to 1",
    );
  });

  test("a number sent as a category, and a category as a number", () => {
    expect(violationsOf({ categories: { late_ratio: "0.5" } })[0]).toMatchObject({
      field: "supplier.categories.late_ratio",
      reason: "FEATURE_WRONG_KIND",
    });
    expect(violationsOf({ features: { region: 1 } })[0]).toMatchObject({ reason: "FEATURE_WRONG_KIND" });
  });

  test("a missing feature only when its policy is refuse", () => {
    const strict = createVectorizer(makeBundle({ features: [numeric("late_ratio", { missing: "refuse" })] }));
    const empty = { features: {}, categories: {}, text: "" };
    expect(strict.vectorize(empty, "s").violations[0]).toMatchObject({
      field: "s.features.late_ratio",
      reason: "FEATURE_REQUIRED",
    });
    expect(vectorize(empty, "s").violations).toEqual([]);
  });
});

test("missing features are listed in the model's order and follow their policy", () => {
  const { row, missing } = vectorize({ features: { annual_spend: 20 }, categories: { region: "EU" }, text: "" }, "s");
  expect(missing).toEqual(["late_ratio", "dispute_rate", "contract_text"]);
  expect([...row]).toEqual([Number.NaN, 0.25, 20, 1, 0, 0, 0]);
});

test("warns of values that training never saw, and scores them", () => {
  const { row, warnings } = vectorize(
    { features: { ...whole.features, late_ratio: 0.95 }, categories: { region: "Mars" }, text: "x" },
    "s",
  );
  expect(warnings.map(({ code, feature }) => [code, feature])).toEqual([
    ["OUTSIDE_TRAINING_RANGE", "late_ratio"],
    ["UNKNOWN_CATEGORY", "region"],
  ]);
  expect([...row.subarray(0, 5)]).toEqual([Math.fround(0.95), Math.fround(0.2), 1_000, 0, 0]);
});

test("the share of known features decides whether a supplier has enough for a score, on both sides of the limit", () => {
  const given = (count: number, minimumPresent: number) => {
    const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
    const bundle = makeBundle({ features: names.map((name) => numeric(name)), minimumPresent });
    const features = Object.fromEntries(names.slice(0, count).map((name) => [name, 0.5]));
    return createVectorizer(bundle).vectorize({ features, categories: {}, text: "" }, "s");
  };
  // 0.55 × 20 is a little more than 11 in binary
  expect(given(11, 0.55).enough).toBe(true);
  expect(given(10, 0.55)).toMatchObject({ enough: false, warnings: [{ code: "TOO_FEW_FEATURES", feature: "" }] });
  expect(given(0, 0).enough).toBe(true);
  expect(given(20, 1).enough).toBe(true);
});

const number = fc.oneof(
  fc.double(),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, -0, 1, 0.1, 0.9, Number.NaN, Number.POSITIVE_INFINITY),
);
const supplier = fc.record({
  numbers: fc.tuple(number, number, number),
  region: fc.option(fc.constantFrom("EU", "US", "Mars", "__proto__")),
  text: fc.constantFrom("", "penalty", "Clause clause penalty", "other words"),
});

test.each(["float64", "float32"])("a batch of %s columns has the bits and violations of single suppliers", (kind) => {
  const names = ["late_ratio", "dispute_rate", "annual_spend"];
  fc.assert(
    fc.property(fc.array(supplier, { minLength: 1, maxLength: 12 }), (suppliers) => {
      const numbers = names.map((name, i) => {
        const column = suppliers.map((s) => s.numbers[i] ?? Number.NaN);
        return [name, kind === "float32" ? Float32Array.from(column) : Float64Array.from(column)] as const;
      });
      const batch = vectorizeBatch({
        rows: suppliers.length,
        numbers: new Map(numbers),
        categories: new Map([["region", suppliers.map((s) => s.region)]]),
        texts: suppliers.map((s) => s.text),
      });
      const width = columnNames.length;
      for (const [i, { region, text }] of suppliers.entries()) {
        // in a batch NaN means missing, for a single supplier the feature is left out
        const features = Object.fromEntries(
          numbers.map(([name, column]) => [name, column[i] ?? 0] as const).filter(([, x]) => !Number.isNaN(x)),
        );
        const single = vectorize({ features, categories: region === null ? {} : { region }, text }, "s");
        const violation = batch.violations.find((f) => f.row === i);
        expect(violation?.reason).toBe(single.violations[0]?.reason);
        const row = batch.values.subarray(i * width, (i + 1) * width);
        if (violation === undefined) expect(Buffer.from(row.slice().buffer)).toEqual(Buffer.from(single.row.buffer));
        else expect(row.every(Number.isNaN)).toBe(true);
        expect(batch.missingCounts[i]).toBe(single.missing.length);
        expect(batch.tooFew[i]).toBe(single.enough ? 0 : 1);
      }
    }),
  );
});

test("columns left out of a batch are missing, and a column that is too short is rejected", () => {
  const none = vectorizeBatch({ rows: 2, numbers: new Map(), categories: new Map(), texts: null });
  expect([...none.missingCounts]).toEqual([5, 5]);
  expect([...none.tooFew]).toEqual([1, 1]);
  const short = new Map([["late_ratio", Float32Array.of(0.5)]]);
  expect(() => vectorizeBatch({ rows: 2, numbers: short, categories: new Map(), texts: null })).toThrow(RangeError);
});
