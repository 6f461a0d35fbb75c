import { expect, test } from "vitest";
import { contractDifferences, type ModelContract } from "./contract-difference.ts";
import type { BundleFeature } from "./feature-bundle.ts";

const feature = (name: string, kind: BundleFeature["kind"] = "numeric"): BundleFeature => ({
  name,
  kind,
  unit: "",
  range: null,
  missing: "keep",
  direction: "unknown",
  monotone: false,
  immutable: false,
  training: null,
  categories: [],
});
const contract = (over: Partial<ModelContract> = {}): ModelContract => ({
  features: [feature("delay"), feature("region", "category")],
  text: null,
  classes: { risk: "late", other: "on_time" },
  ...over,
});
const text = (name: string) => ({ feature: name, stopWords: "none" as const, terms: [], idf: [] });

test("the contract does not depend on the order of features and on their categories", () => {
  const features = [{ ...feature("region", "category"), categories: ["EU"] }, feature("delay")];
  expect(contractDifferences(contract(), contract({ features }))).toEqual([]);
});

test("names each difference", () => {
  const after = contract({
    features: [feature("delay", "category"), feature("quality")],
    text: text("contract_text"),
    classes: { risk: "fails", other: "lives" },
  });
  expect(contractDifferences(contract(), after)).toEqual([
    'without "region"',
    'with the new "quality"',
    'with another kind of "delay"',
    "text contract_text instead of none",
    'risk class "fails" instead of "late"',
  ]);
});
