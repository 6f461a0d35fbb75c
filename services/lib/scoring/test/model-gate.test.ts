import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { DEMO_SPEC, publishDemoModel } from "@bellwether/testing/demo-model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { featureSchemaHash } from "../src/model/describe-model.ts";
import type { ModelCheck } from "../src/model/model-check.ts";
import { createModelChecker } from "../src/model/model-checker.ts";
import type { ModelRejectedError } from "../src/model/model-rejected-error.ts";
import { checkScoringModel, type GateOptions, openScoringModel } from "../src/model/scoring-model.ts";

let root = "";
let stored: StoredVersion;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "model-gate-"));
  stored = await readVersion(root, DEMO_SPEC.name, await publishDemoModel(root));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Returns the version with its bundle changed. */
function withBundle(change: (bundle: Record<string, unknown>) => object, over: object = {}): StoredVersion {
  const bundle = JSON.parse(stored.bundleJson);
  return { ...stored, ...over, bundleJson: JSON.stringify({ ...bundle, ...change(bundle) }) };
}
const golden = (bundle: Record<string, unknown>, change: (row: Record<string, unknown>) => object) => ({
  golden: (bundle.golden as Record<string, unknown>[]).map((row) => ({ ...row, ...change(row) })),
});
const contract = (over: object = {}) => ({ ...DEMO_SPEC, ...over });

async function failedCheck(version: StoredVersion, gate: GateOptions = {}): Promise<string> {
  const error = await checkScoringModel(version, gate).then(
    () => undefined,
    (thrown: ModelRejectedError) => thrown,
  );
  expect(error?.name).toBe("ModelRejectedError");
  const last = error?.checks.at(-1);
  expect(last?.outcome).toBe("failed");
  expect(error?.checks.filter(({ outcome }) => outcome === "failed")).toHaveLength(1);
  return `${last?.name}: ${error?.message}`;
}

test("a sound version passes every check, each with its result", async () => {
  const checks = await checkScoringModel(stored, { contract: contract() });
  expect(checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    "bundle passed",
    "operators passed",
    "contract passed",
    "golden_rows passed",
    "additivity passed",
    "missing_row passed",
    "latency passed",
  ]);
  expect(checks.find(({ name }) => name === "golden_rows")?.detail).toMatch(/^\d+ rows, bit for bit$/);
  expect(checks.find(({ name }) => name === "latency")?.detail).toMatch(/ms a row, at most 250 ms$/);
});

test.each<[string, () => StoredVersion, RegExp]>([
  ["a bundle of another model", () => withBundle(() => ({ modelName: "other" })), /^bundle: .*is of the model "other"/],
  ["a bundle that is cut", () => ({ ...stored, bundleJson: stored.bundleJson.slice(0, 100) }), /^bundle: .*not JSON/],
  ["another file as model", () => ({ ...stored, onnx: Uint8Array.of(1, 2, 3) }), /^operators: model\.onnx cannot/],
  [
    "a golden row with another output",
    () => withBundle((bundle) => golden(bundle, ({ output }) => ({ output: Math.fround(Number(output) + 1e-6) }))),
    /^golden_rows: golden row 0: recorded/,
  ],
])("%s is rejected by its own check", async (_, version, text) => {
  expect(await failedCheck(version())).toMatch(text);
});

test("a bundle with other features, text or risk class than the manifest says is rejected; one without a digest passes", async () => {
  const featureSchemaSha256 = featureSchemaHash(JSON.parse(stored.bundleJson));
  const manifest = { ...stored.manifest, interface: { inputs: [], outputs: [], featureSchemaSha256 } };
  const version = { ...stored, manifest };
  expect((await checkScoringModel(version))[0]).toMatchObject({ name: "bundle", outcome: "passed" });
  const renamed = { ...version, bundleJson: stored.bundleJson.replaceAll('"past_disputes"', '"disputes"') };
  expect(await failedCheck(renamed)).toMatch(
    /^bundle: feature_bundle\.json has other features.* interface\.featureSchemaSha256 of the manifest is [0-9a-f]{64}/,
  );
  await expect(openScoringModel(renamed)).rejects.toThrow("feature_bundle.json has other features");
  const early = { ...renamed, manifest: stored.manifest };
  expect((await checkScoringModel(early))[0]).toMatchObject({ name: "bundle", outcome: "passed" });
});

test("golden rows that another runtime recorded need not be equal to the last bit, but nearly", async () => {
  const shifted = (by: number) =>
    withBundle(
      (bundle) => golden(bundle, ({ output }) => ({ output: Math.fround(Number(output) + by), riskScore: undefined })),
      { manifest: { ...stored.manifest, runtime: "onnxruntime 1.0.0" } },
    );
  const checks = await checkScoringModel(shifted(1e-6));
  expect(checks.find(({ name }) => name === "golden_rows")?.detail).toContain("recorded with onnxruntime 1.0.0");
  expect(await failedCheck(shifted(0.01))).toMatch(/^golden_rows: golden row 0/);
});

test.each<[string, object, string]>([
  ["another unit", { features: DEMO_SPEC.features.map((one) => ({ ...one, unit: "percent" })) }, "is in units, in the"],
  [
    "fewer features",
    { features: DEMO_SPEC.features.slice(1) },
    '"past_disputes" is not a feature of the configuration',
  ],
  [
    "one more feature",
    { features: [...DEMO_SPEC.features, { name: "debt", kind: "numeric", unit: "" }] },
    '"debt" of the configuration is missing',
  ],
  ["no text", { text: null }, "its text is contract_text, in the configuration it is none"],
  [
    "another class",
    { target: { riskClass: "late" } },
    'its risk class is "high_risk", in the configuration it is "late"',
  ],
])("a service that is configured for %s rejects the version", async (_, over, text) => {
  expect(await failedCheck(stored, { contract: contract(over) })).toContain(text);
  expect(await failedCheck(stored, { contract: contract(over) })).toMatch(/^contract: /);
});

test("a configuration of another model says nothing about this one", async () => {
  const checks = await checkScoringModel(stored, { contract: contract({ name: "other", features: [] }) });
  expect(checks.find(({ name }) => name === "contract")?.outcome).toBe("not_made");
});

test("a row that takes longer than the limit rejects the version", async () => {
  expect(await failedCheck(stored, { maxRowMs: -1 })).toMatch(/^latency: a single row .* at most -1 ms are accepted/);
});

test("the thread of the checker returns the same checks, and the failed one with its rejection", async () => {
  await using checker = createModelChecker({ contract: contract() });
  const names = (await checker.check(stored)).map(({ name }) => name);
  expect(names).toEqual((await checkScoringModel(stored)).map(({ name }) => name));
  await expect(checker.check({ ...stored, onnx: Uint8Array.of(1) })).rejects.toMatchObject({
    name: "ModelRejectedError",
    checks: [{ name: "bundle" }, { name: "operators", outcome: "failed" }],
  });
});

test("after a rejection the next thread starts at once, before another version is checked", async () => {
  let threads = 0;
  const count = (): void => void threads++;
  process.on("worker", count);
  try {
    await using checker = createModelChecker();
    await expect(checker.check({ ...stored, onnx: Uint8Array.of(1) })).rejects.toThrow("cannot be loaded");
    await checker.check(stored);
    expect(threads).toBe(2);
    await checker.check(stored);
    expect(threads).toBe(2);
  } finally {
    process.off("worker", count);
  }
});

test("a version that the checker has read is opened without reading its trees in the calling thread", async () => {
  await using checker = createModelChecker();
  const { prepared, checks } = await checker.prepare(stored, null);
  expect(checks.at(-1)).toMatchObject({ name: "latency", outcome: "passed" });
  // Bytes that are no model show who reads them.
  const unreadable = { ...stored, onnx: Uint8Array.of(1) };
  const model = await openScoringModel(unreadable, { ...prepared, extendedOnnx: stored.onnx });
  expect(model.explainer?.kernel).toBe("quadrature/1");
  await model.release();
});

test("a version with results of an earlier check is read without another one", async () => {
  await using checker = createModelChecker({ maxRowMs: -1 });
  await expect(checker.prepare(stored, null)).rejects.toThrow("at most -1 ms are accepted");
  const known: readonly ModelCheck[] = [{ name: "latency", outcome: "passed", detail: "" }];
  const { prepared, checks } = await checker.prepare(stored, known);
  expect(checks).toEqual(known);
  await (await openScoringModel(stored, prepared)).release();
});
