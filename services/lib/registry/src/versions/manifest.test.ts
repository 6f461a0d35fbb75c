import { expect, test } from "vitest";
import { ModelCorruptError } from "../registry-error.ts";
import { parseManifest } from "./manifest.ts";

const digest = { sha256: "0".repeat(64), bytes: 3 };
const files = { "model.onnx": digest, "feature_bundle.json": digest, "MODEL_CARD.md": digest };
const evaluation = { auc: 0.9, baselineFeature: "late_ratio", baselineAuc: 0.8 };
const manifest = (over: object = {}): object => ({
  format: "bellwether.manifest/1",
  modelName: "supplier-risk",
  version: "v1",
  publishedAt: "2026-01-05T00:00:00.000Z",
  origin: "trained",
  configHash: "a".repeat(64),
  files,
  evaluation,
  training: null,
  ...over,
});
const parse = (content: unknown) => parseManifest(JSON.stringify(content), "manifest.json");

test("reads a valid manifest, and only the fields that a manifest has", () => {
  expect(parse(manifest({ other: 1 }))).toEqual(manifest());
  expect(parse(manifest({ configHash: "", origin: "imported", evaluation: null })).evaluation).toBeNull();
});

const training = {
  dataSha256: "b".repeat(64),
  rows: 10,
  positives: 2,
  suppliers: 9,
  period: ["2025-01-01", "2025-12-01"],
  split: { by: "time", testShare: 0.2, testFrom: "2026-01-01", windowDays: 90, seed: 42 },
  calibration: { kind: "platt", from: "out of fold by supplier", rows: 8 },
};

test("reads the training data of a version; a manifest without it has none", () => {
  expect(parse(manifest({ training })).training).toEqual(training);
  expect(parse(manifest({ training: undefined })).training).toBeNull();
});

test("a model that has no single feature as a baseline has no baseline figure", () => {
  const alone = { ...evaluation, baselineFeature: "", baselineAuc: null };
  expect(parse(manifest({ evaluation: alone })).evaluation).toEqual(alone);
});

test.each<[string, unknown]>([
  ["null", null],
  ["a list", []],
  ["another format", manifest({ format: "bellwether.manifest/2" })],
  ["no name", manifest({ modelName: undefined })],
  ["a number as version", manifest({ version: 1 })],
  ["a time in words", manifest({ publishedAt: "soon" })],
  ["another origin", manifest({ origin: "found" })],
  ["a configuration hash of 65 characters", manifest({ configHash: "a".repeat(65) })],
  ["no files", manifest({ files: null })],
  ["a file that is not there", manifest({ files: { ...files, "model.onnx": undefined } })],
  ["a digest in upper case", manifest({ files: { ...files, "model.onnx": { ...digest, sha256: "A".repeat(64) } } })],
  ["a negative size", manifest({ files: { ...files, "model.onnx": { ...digest, bytes: -1 } } })],
  ["words as evaluation", manifest({ evaluation: "good" })],
  ["a figure in words", manifest({ evaluation: { ...evaluation, auc: "0.9" } })],
  ["a training without a digest", manifest({ training: { ...training, dataSha256: "" } })],
  ["a training without a split", manifest({ training: { ...training, split: null } })],
  ["a baseline of nothing", manifest({ evaluation: { auc: 0.9 } })],
])("rejects a manifest with %s", (_, content) => {
  expect(() => parse(content)).toThrow(ModelCorruptError);
});

const described = {
  interface: {
    inputs: [{ name: "input", datatype: "FP32", shape: [null, 12] }],
    outputs: [{ name: "output", datatype: "FP32", shape: [null, 1] }],
    featureSchemaSha256: "d".repeat(64),
  },
  metrics: { auc: 0.9 },
  parent: "v2",
  builder: "trainer 1.0",
};

test("reads what a model takes and returns, its figures, its parent and its builder", () => {
  expect(parse(manifest(described))).toEqual(manifest(described));
});

test.each<[string, object]>([
  ["parent", { parent: "../v2" }],
  ["parent", { parent: null }],
  ["builder", { builder: "x".repeat(257) }],
  ["metrics", { metrics: { auc: "0.9" } }],
  ["metrics", { metrics: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`m${i}`, i])) }],
  ["metrics", { metrics: [] }],
  ["interface", { interface: {} }],
  ["interface", { interface: { ...described.interface, inputs: [{ name: "x", datatype: "FP32", shape: [-1] }] } }],
  ["interface", { interface: { ...described.interface, outputs: Array(17).fill(described.interface.outputs[0]) } }],
])("a manifest with an invalid %s is an error that names it: %j", (field, over) => {
  expect(() => parse(manifest({ ...described, ...over }))).toThrow(`${field} is missing or invalid`);
});
