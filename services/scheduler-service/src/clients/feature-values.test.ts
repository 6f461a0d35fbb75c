import { MAX_BATCH_REQUEST_BYTES } from "@bellwether/contract/limits";
import { PredictBatchResponseSchema } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import {
  FeatureDirection,
  FeatureKind,
  ModelFeatureSchema,
} from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import type { SnapshotChunk } from "@bellwether/ingest/snapshot/snapshot-chunks";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { featureValuesToProto, withFittingTerms } from "./feature-values.ts";

const chunk: SnapshotChunk = {
  index: 0,
  rows: 3,
  supplierIds: ["a", "b", "c"],
  asOfDays: null,
  numbers: new Map([["delay", Float64Array.of(1.5, Number.NaN, 3)]]),
  categories: new Map([["region", ["US", null, "Mars"]]]),
  texts: ["one", "", "three"],
  attributes: { displayName: [], region: [], category: [], exposure: new Float64Array(0), owner: [] },
};
const feature = (init: MessageInitShape<typeof ModelFeatureSchema>) => create(ModelFeatureSchema, init);
const FEATURES = [
  feature({ name: "delay", kind: FeatureKind.NUMERIC, unit: "days", typical: 2, direction: FeatureDirection.RAISES }),
  feature({ name: "region", kind: FeatureKind.CATEGORY, categories: ["EU", "US"] }),
  feature({ name: "contract_text", kind: FeatureKind.TEXT, germanName: "Vertragstext" }),
  feature({ name: "not_given", kind: FeatureKind.NUMERIC }),
];
const valuesOf = (sent: ReturnType<typeof featureValuesToProto>) => [
  ...new Float32Array(new Uint8Array(sent.featureValues ?? []).buffer),
];

test("sends values row by row: numbers, codes of categories, and whether there is a text", () => {
  const sent = featureValuesToProto(chunk, FEATURES, 0);
  const none = Number.NaN;
  expect(valuesOf(sent)).toEqual([1.5, 1, 1, none, none, none, none, none, 3, 2, 1, none]);
  expect(sent.features).toMatchObject([
    { name: "delay", unit: "days", typical: 2, direction: FeatureDirection.RAISES },
    { name: "region", categories: ["EU", "US"] },
    { name: "contract_text", germanName: "Vertragstext" },
    { name: "not_given" },
  ]);
});

test("cuts units and categories to the contract's lengths, and omits a typical value that is not a number", () => {
  const categories = Array.from({ length: 1025 }, (_, i) => `${i}${"é".repeat(200)}`);
  const long = feature({ name: "region", kind: FeatureKind.CATEGORY, unit: "u".repeat(300), categories });
  const [sent] =
    featureValuesToProto(chunk, [long, feature({ name: "delay", kind: FeatureKind.NUMERIC, typical: Number.NaN })], 0)
      .features ?? [];
  expect(sent?.unit).toHaveLength(256);
  expect(sent?.categories).toHaveLength(1024);
  expect(Buffer.byteLength(sent?.categories?.[0] ?? "")).toBeLessThanOrEqual(256);
});

test("sends the scores without feature values that the contract does not accept", () => {
  const limit = 12 * 1024 * 1024 - 3 * 4 * FEATURES.length;
  expect(featureValuesToProto(chunk, FEATURES, limit)).toHaveProperty("features");
  expect(featureValuesToProto(chunk, FEATURES, limit + 1)).toEqual({});
  expect(featureValuesToProto(chunk, [], 0)).toEqual({});
  for (const name of ["", "n".repeat(257), "nul\0"])
    expect(featureValuesToProto(chunk, [feature({ name, kind: FeatureKind.NUMERIC })], 0)).toEqual({});
  const later = Object.assign(feature({ name: "later" }), { kind: 9 });
  expect(featureValuesToProto(chunk, [later], 0)).toEqual({});
  const many = Array.from({ length: 1025 }, (_, i) => feature({ name: `f${i}`, kind: FeatureKind.NUMERIC }));
  expect(featureValuesToProto(chunk, many.slice(1), 0)).toHaveProperty("features");
  expect(featureValuesToProto(chunk, many, 0)).toEqual({});
});

test("term weights are sent when they and the values fit into one request, and never without the values", () => {
  const scores = create(PredictBatchResponseSchema, {
    termWeights: new Uint8Array(8),
    contributions: new Uint8Array(4),
  });
  const limit = 0.75 * MAX_BATCH_REQUEST_BYTES - 12;
  expect(withFittingTerms(scores, limit).termWeights.length).toBe(8);
  expect(withFittingTerms(scores, limit + 1).termWeights.length).toBe(0);
  expect(withFittingTerms(scores, 0).termWeights.length).toBe(0);
  const none = create(PredictBatchResponseSchema);
  expect(withFittingTerms(none, 4)).toBe(none);
});
