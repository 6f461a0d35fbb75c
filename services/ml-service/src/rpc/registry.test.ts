import { FeatureDirection, FeatureKind } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { BundleFeature } from "@bellwether/risk-model/bundle/feature-bundle";
import { expect, test } from "vitest";
import { featuresToProto } from "./registry.ts";

const delay: BundleFeature = {
  ...{ name: "delay", kind: "numeric", unit: "days", direction: "raises", missing: "keep" },
  ...{ range: null, monotone: true, immutable: false, categories: [], training: { min: 0, max: 9, median: 2.5 } },
};
const region: BundleFeature = {
  ...delay,
  ...{ name: "region", kind: "category", unit: "", direction: "unknown", training: null, categories: ["EU", "US"] },
};
const text = { feature: "contract_text", stopWords: "none", terms: [], idf: [] } as const;

test("features have a typical value, categories and a direction; the text feature is the last", () => {
  expect(featuresToProto({ features: [delay, region], text })).toEqual([
    { name: "delay", kind: FeatureKind.NUMERIC, unit: "days", direction: FeatureDirection.RAISES, typical: 2.5 },
    ...[
      { name: "region", kind: FeatureKind.CATEGORY, unit: "", categories: ["EU", "US"] },
      { name: "contract_text", kind: FeatureKind.TEXT, unit: "" },
    ].map((feature) => ({ ...feature, direction: FeatureDirection.UNSPECIFIED })),
  ]);
  expect(featuresToProto({ features: [{ ...delay, direction: "lowers" }], text: null })).toMatchObject([
    { direction: FeatureDirection.LOWERS },
  ]);
});

test("German texts are sent as they are declared, for the text too", () => {
  const features = [{ ...delay, de: { name: "Verzug", unit: "Tage" } }];
  expect(featuresToProto({ features, text: { ...text, de: { name: "Vertragstext" } } })).toMatchObject([
    { name: "delay", unit: "days", germanName: "Verzug", germanUnit: "Tage" },
    { name: "contract_text", germanName: "Vertragstext" },
  ]);
});
