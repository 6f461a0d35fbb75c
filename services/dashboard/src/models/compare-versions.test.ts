import {
  FeatureKind,
  GetVersionResponseSchema,
  VersionOrigin,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { compareVersions, featureDifferences } from "./compare-versions.ts";

const first = create(GetVersionResponseSchema, {
  version: { auc: 0.8, origin: VersionOrigin.TRAINED, metrics: { auc: 0.8, brier: 0.1 }, dataDigest: "a".repeat(64) },
  features: [
    { name: "age", kind: FeatureKind.NUMERIC, unit: "years" },
    { name: "spend", kind: FeatureKind.NUMERIC, unit: "EUR" },
  ],
});
const second = create(GetVersionResponseSchema, {
  version: { origin: VersionOrigin.SCORECARD, metrics: { points: Number.NaN }, dataDigest: "a".repeat(64) },
  features: [
    { name: "age", kind: FeatureKind.NUMERIC, unit: "days" },
    { name: "region", kind: FeatureKind.CATEGORY },
  ],
});

test("facts of two versions are beside each other, and those that differ are marked", () => {
  const facts = new Map(compareVersions(first, second).map(({ name, ...fact }) => [name, fact]));
  expect(facts.get("AUC on its test rows")).toEqual({ first: "0.8", second: "–", differs: true });
  expect(facts.get("Origin")).toEqual({ first: "Trained", second: "Scorecard", differs: true });
  expect(facts.get("Figure brier")).toEqual({ first: "0.1", second: "–", differs: true });
  expect(facts.get("Figure points")).toEqual({ first: "–", second: "–", differs: false });
  expect(facts.has("Figure auc")).toBe(false);
  expect(facts.get("Training data")).toEqual({ first: "aaaaaaaaaaaa…", second: "aaaaaaaaaaaa…", differs: false });
});

test("features that one version lacks, or reads in another unit, are named", () => {
  expect(featureDifferences(first.features, second.features)).toEqual([
    "Only in the first: spend.",
    "Only in the second: region.",
    "With another kind or unit: age.",
  ]);
  expect(featureDifferences(first.features, first.features)).toEqual([]);
  expect(featureDifferences([], second.features)).toEqual([]);
});
