import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import { DEMO_FEATURES, demoSupplier, trainDemoModel } from "@bellwether/testing/demo-model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scoreBatch } from "../src/batch/score-batch.ts";
import { openScoringModel, type ScoringModel } from "../src/model/scoring-model.ts";
import { scoreSupplier } from "../src/score/score-supplier.ts";
import { type DemoScoring, demoColumns, openDemoScoring } from "./demo-scoring-fixture.ts";

let demo: DemoScoring;
let stored: StoredVersion;
let model: ScoringModel;

beforeAll(async () => {
  demo = await openDemoScoring();
  ({ stored, model } = demo);
});
afterAll(() => demo[Symbol.asyncDispose]());

test("training twice makes the same bytes", async () => {
  const again = await trainDemoModel();
  expect(Buffer.from(again.onnx).equals(stored.onnx)).toBe(true);
  expect(again.bundleJson).toBe(stored.bundleJson);
});

test("a model is better than chance and its card names the baseline", async () => {
  const { evaluation, modelCard } = await trainDemoModel();
  expect(evaluation.auc).toBeGreaterThan(0.75);
  expect(evaluation.auc).toBeLessThan(0.99);
  expect(evaluation.brier).toBeLessThan(evaluation.baseRateBrier);
  expect(modelCard).toContain(`\`${evaluation.baseline?.feature}\` alone`);
});

test("a supplier scores the same alone and in a batch, bit for bit", async () => {
  const n = 200;
  const batch = await scoreBatch(model, demoColumns(n), true);
  expect(batch.violations).toEqual([]);
  for (let i = 0; i < n; i++) {
    const single = await scoreSupplier(model, demoSupplier(i), "supplier");
    expect(single.riskScore).toBe(batch.riskScores[i]);
    expect(single.output).toBe(batch.outputs[i]);
  }
});

test("base value and contributions add up to the output", async () => {
  const { output, contributions } = await scoreSupplier(model, demoSupplier(3), "supplier");
  const sum = contributions.reduce((total, entry) => total + entry.contribution, model.explainer?.baseValue ?? 0);
  expect(Math.abs(sum - (output ?? Number.NaN))).toBeLessThan(1e-5 * Math.max(1, Math.abs(output ?? 0)));
});

test("all violations are returned at once, each with its path and a way out", async () => {
  const features = {
    past_dispute: 1,
    financial_stability_index: Number.NaN,
    delivery_score: -1,
    region: 3,
    constructor: 1,
  };
  await expect(scoreSupplier(model, { features, categories: {}, text: "" }, "supplier")).rejects.toMatchObject({
    name: "InvalidSupplierError",
    violations: [
      {
        field: "supplier.features.past_dispute",
        reason: "FEATURE_UNKNOWN",
        message: expect.stringContaining('did you mean "past_disputes"'),
      },
      { field: "supplier.features.region", reason: "FEATURE_WRONG_KIND" },
      { field: "supplier.features.constructor", reason: "FEATURE_UNKNOWN" },
      { field: "supplier.features.financial_stability_index", reason: "FEATURE_NOT_FINITE" },
      {
        field: "supplier.features.delivery_score",
        reason: "FEATURE_OUT_OF_RANGE",
        message: expect.stringContaining("0 to 1000"),
      },
    ],
  });
});

test("missing features are listed; with too few features the band is unknown and there is no score", async () => {
  const some = await scoreSupplier(
    model,
    { features: { past_disputes: 3, delivery_score: 80 }, categories: {}, text: "" },
    "supplier",
  );
  expect(some.missing).toEqual(["financial_stability_index", "avg_payment_delay_days", "region", "contract_text"]);
  expect(some.riskScore).not.toBeNull();
  const few = await scoreSupplier(model, { features: { past_disputes: 3 }, categories: {}, text: "" }, "supplier");
  expect(few).toMatchObject({ band: "unknown", riskScore: null, output: null });
  expect(few.warnings.map((w) => w.code)).toEqual(["TOO_FEW_FEATURES"]);
});

test("values outside the training range and unknown categories are warnings", async () => {
  const input = {
    ...demoSupplier(0),
    features: { ...demoSupplier(0).features, past_disputes: 900 },
    categories: { region: "Atlantis" },
  };
  const { warnings } = await scoreSupplier(model, input, "supplier");
  expect(warnings.map((w) => [w.code, w.feature])).toEqual([
    ["OUTSIDE_TRAINING_RANGE", "past_disputes"],
    ["UNKNOWN_CATEGORY", "region"],
  ]);
});

test("an invalid row gets an error and the other rows get their scores", async () => {
  const numbers = new Map(
    DEMO_FEATURES.map((name) => [name, Float64Array.of(1, name === "past_disputes" ? Number.POSITIVE_INFINITY : 1, 1)]),
  );
  const batch = await scoreBatch(model, { rows: 3, numbers, categories: new Map(), texts: null }, false);
  expect(batch.violations).toMatchObject([{ row: 1, reason: "FEATURE_NOT_FINITE", field: "values.past_disputes" }]);
  expect(batch.bands[1]).toBe(0);
  expect(batch.riskScores[1]).toBeNaN();
  expect(batch.riskScores[0]).toBe(batch.riskScores[2]);
});

test("a model whose golden rows differ is rejected", async () => {
  const bundle = JSON.parse(stored.bundleJson);
  bundle.golden[3].output += 1;
  await expect(openScoringModel({ ...stored, bundleJson: JSON.stringify(bundle) })).rejects.toThrow(
    /golden row 3: recorded/,
  );
  bundle.golden[3].output -= 1;
  bundle.calibration = { kind: "intercept", intercept: 1 };
  await expect(openScoringModel({ ...stored, bundleJson: JSON.stringify(bundle) })).rejects.toThrow(
    /golden row 0: recorded score/,
  );
  for (const golden of bundle.golden) delete golden.riskScore;
  await (await openScoringModel({ ...stored, bundleJson: JSON.stringify(bundle) })).release();
  await expect(openScoringModel({ ...stored, bundleJson: "{" })).rejects.toMatchObject({ name: "BundleError" });
});

test("rejects a model file that is truncated or has flipped bytes, whichever check detects it", async () => {
  const { onnx } = stored;
  const flipped = (at: number): Uint8Array => onnx.map((byte, i) => (i === at ? byte ^ 0xff : byte));
  const bad = [onnx.subarray(0, 0), onnx.subarray(0, 1_000), onnx.subarray(0, onnx.length - 1)];
  for (let at = 0; at < 40; at++) bad.push(flipped(at), flipped(onnx.length - 1 - at));
  let rejected = 0;
  for (const bytes of bad) {
    // Some bytes, such as those of names, do not affect the model.
    const name = await openScoringModel({ ...stored, onnx: bytes }).then(
      (opened) => opened.release(),
      (error: Error) => error.name,
    );
    if (name === undefined) continue;
    expect(name).toBe("ModelRejectedError");
    rejected++;
  }
  expect(rejected).toBeGreaterThan(20);
});
