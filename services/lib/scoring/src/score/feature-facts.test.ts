import type { BundleFeature } from "@bellwether/risk-model/bundle/feature-bundle";
import { expect, test } from "vitest";
import { contradictsDirection, describeFeatures } from "./feature-facts.ts";

const feature = (direction: BundleFeature["direction"]): BundleFeature => ({
  ...{ name: "clause_risk_score", kind: "numeric", unit: "", direction, missing: "keep", range: null },
  ...{ monotone: false, immutable: false, categories: [], training: { min: 0, max: 100, median: 32.1 } },
});
const contradicts = (direction: BundleFeature["direction"], value: number | null, contribution: number) =>
  contradictsDirection({ features: [feature(direction)] }, { feature: "clause_risk_score", value, contribution });

test.each<[BundleFeature["direction"], number | null, number, boolean]>([
  ["raises", 55, -0.17, true],
  ["raises", 55, 0.17, false],
  ["raises", 20, 0.17, true],
  ["raises", 20, -0.17, false],
  ["raises", 32.1, -0.17, false],
  ["lowers", 55, 0.17, true],
  ["lowers", 55, -0.17, false],
  ["unknown", 55, -0.17, false],
  ["raises", null, -0.17, false],
])("declared %s, typical 32.1: the value %s with %d contradicts it: %s", (direction, value, contribution, expected) => {
  expect(contradicts(direction, value, contribution)).toBe(expected);
});

test("features and the text are described with their German texts", () => {
  const features = [{ ...feature("raises"), de: { name: "Klauselrisiko", unit: "Punkte" } }, feature("lowers")];
  const vocabulary = { feature: "contract_text", stopWords: "none", terms: [], idf: [] } as const;
  const described = describeFeatures({ features, text: { ...vocabulary, de: { name: "Vertragstext" } } });
  expect(described.map(({ de }) => de)).toEqual([
    { name: "Klauselrisiko", unit: "Punkte" },
    undefined,
    { name: "Vertragstext" },
  ]);
});

test("a term of a text contradicts nothing", () => {
  const term = { feature: "contract_text:supplier", value: 0, contribution: -0.25 };
  expect(contradictsDirection({ features: [feature("raises")] }, term)).toBe(false);
});
