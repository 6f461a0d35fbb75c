import type { BundleText, FeatureBundle } from "@bellwether/risk-model/bundle/feature-bundle";
import { createVectorizer } from "@bellwether/risk-model/features/vectorize";
import { describe, expect, test } from "vitest";
import { inputForOwnVersion, inputForVersion } from "./known-in-both.ts";

const vocabulary = (terms: readonly string[], idf: readonly number[]): BundleText => ({
  ...{ feature: "contract", stopWords: "none", terms, idf },
});
const bundle = (
  names: readonly string[],
  text: BundleText | null = null,
): Pick<FeatureBundle, "features" | "text"> => ({
  features: names.map((name) => ({
    ...{ name, kind: "numeric", unit: "", range: null, missing: "keep", direction: "unknown" },
    ...{ monotone: false, immutable: false, training: null, categories: [] },
  })),
  text,
});
const input = (features: Record<string, number>, over: object = {}) => ({
  features,
  categories: {},
  text: "",
  ...over,
});

/** The weights that a version computes for a text, by term. */
function weightsOf(text: string, own: BundleText): Record<string, number> {
  const columns = own.terms.map((term) => ({ kind: "term", feature: own.feature, term }) as const);
  const whole: FeatureBundle = {
    ...{ format: "bellwether.feature-bundle/1", modelName: "m", modelKind: "imported", configHash: "" },
    ...{ features: [], columns, text: own, minimumPresent: 0, outputSpace: "margin", golden: [], seed: 0 },
    ...{ classes: { risk: "high", other: "low" }, bands: { high: 0.7, medium: 0.4 }, calibration: { kind: "none" } },
    explanation: { kind: "none", background: "not trained" },
  };
  const { row } = createVectorizer(whole).vectorize(input({}, { text }), "supplier");
  return Object.fromEntries(own.terms.map((term, i) => [term, row[i] ?? 0]));
}

describe("the data of one end for the version of the other", () => {
  test("have the names that it uses; names that neither uses stay, so that scoring rejects them", () => {
    const given = input({ a: 1, b: 2, typo: 3 });
    const other = { input: input({}), bundle: bundle(["b", "c"]) };
    expect(inputForVersion(given, bundle(["a", "b"]), other).input.features).toEqual({ b: 2, typo: 3 });
    expect(inputForOwnVersion(given, bundle(["a"]), bundle(["b"])).features).toEqual({ a: 1, typo: 3 });
  });

  test("take the value of the other end for a feature that only it uses, unless they have one themselves", () => {
    const other = { input: input({ c: 9 }), bundle: bundle(["a", "c"]) };
    expect(inputForVersion(input({ a: 1 }), bundle(["a"]), other)).toMatchObject({
      input: { features: { a: 1, c: 9 } },
      held: ["c"],
    });
    expect(inputForVersion(input({ a: 1, c: 4 }), bundle(["a"]), other)).toMatchObject({
      input: { features: { a: 1, c: 4 } },
      held: [],
    });
    // A value that is missing at both ends is held by neither.
    const without = { input: input({}), bundle: bundle(["c"]) };
    expect(inputForVersion(input({}), bundle([]), without)).toMatchObject({ input: { features: {} }, held: [] });
  });

  test("do not take a property of Object for a feature", () => {
    const other = { input: input({}), bundle: bundle(["toString"]) };
    expect(inputForVersion(input({}), bundle([]), other)).toMatchObject({ input: { features: {} }, held: [] });
  });
});

describe("term weights for another vocabulary", () => {
  const text = "late late penalty notice late delivery";
  const own = vocabulary(["late", "penalty", "notice", "delivery"], [1.2, 2, 1.5, 1.1]);

  test.each([
    ["the same one", own],
    ["other frequencies in another order", vocabulary(["notice", "late", "delivery", "penalty"], [3, 1, 1.7, 1.3])],
    ["some of the terms", vocabulary(["penalty", "late"], [1.4, 1.9])],
    ["terms that are not in the text", vocabulary(["penalty"], [1.4])],
  ])("are those that the other version computes for the text itself: %s", (_, other) => {
    const given = input({}, { terms: weightsOf(text, own) });
    const found = inputForVersion(given, bundle([], own), { input: input({}), bundle: bundle([], other) });
    expect(found.held).toEqual([]);
    for (const [term, weight] of Object.entries(weightsOf(text, other)))
      expect(found.input.terms?.[term]).toBeCloseTo(weight, 6);
  });

  test("are those of the other end when the other version has a term that the own one does not have", () => {
    const other = vocabulary(["late", "force"], [1, 1]);
    const given = input({}, { terms: weightsOf(text, own) });
    const after = input({}, { text: "force late" });
    expect(inputForVersion(given, bundle([], own), { input: after, bundle: bundle([], other) })).toMatchObject({
      input: { text: "force late" },
      held: ["contract"],
    });
  });

  test("a text is used as it is; a version without a text gets none", () => {
    const given = input({}, { text });
    const after = input({}, { text: "other" });
    const there = { input: after, bundle: bundle([], vocabulary(["x"], [1])) };
    expect(inputForVersion(given, bundle([], own), there)).toMatchObject({ input: { text }, held: [] });
    expect(inputForVersion(given, bundle([], own), { input: after, bundle: bundle([]) }).input.text).toBe("");
    // The own version has no text, so its absence says nothing.
    expect(inputForVersion(input({}), bundle([]), there)).toMatchObject({
      input: { text: "other" },
      held: ["contract"],
    });
  });
});
