import { createHash } from "node:crypto";
import type { ModelSpec } from "@bellwether/config/model-spec";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { expect, test } from "vitest";

import { DEMO_TABLE_SPEC, demoTable } from "../../test/demo-table-fixture.ts";
import { trainRiskModel } from "./train-risk-model.ts";

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Returns the SHA-256 of the published files for 1,500 seeded demo suppliers. */
async function publishedFiles(
  trainer: ModelSpec["trainer"],
  features = DEMO_TABLE_SPEC.features,
  split = DEMO_TABLE_SPEC.split,
) {
  const demo = demoTable(generateDemo({ suppliers: 1_500, transactions: 2_000 }, 5));
  const asOfDays =
    split.by === "time" ? Int32Array.from({ length: demo.rows }, (_, i) => 18_000 + ((i * 7) % 700)) : null;
  const table = { ...demo, asOfDays };
  const spec = { ...DEMO_TABLE_SPEC, features, trainer, split };
  const { onnx, bundleJson, modelCard } = await trainRiskModel({ table, spec, configHash: "ab".repeat(32), runOnnx });
  return { "model.onnx": sha256(onnx), "feature_bundle.json": sha256(bundleJson), "MODEL_CARD.md": sha256(modelCard) };
}

const { trainer: boosting } = DEMO_TABLE_SPEC;

// A change of these values changes every model that is trained from now on. Bundle and card may also change
// with ONNX Runtime.
test("boosting produces the recorded files", async () => {
  expect(await publishedFiles(boosting)).toMatchInlineSnapshot(`
    {
      "MODEL_CARD.md": "f935aa7d9a3b0e669e6d46f8a007e3e3a01268b130f745039b69c50e87a2a2c4",
      "feature_bundle.json": "9eb582d71528b681e0b6f21a7c385589cf25b6e7faea58d52bb2234fb6e92f16",
      "model.onnx": "aa0e53e45d869788b052b4179fb2dd5859e87f4ddc30f0d725b945ce410b2945",
    }
  `);
});

test("boosting with monotone features, balanced classes and early stopping produces the recorded files", async () => {
  if (boosting.kind !== "gradient_boosting") throw new Error("the demo's trainer is boosting");
  const monotone = DEMO_TABLE_SPEC.features.map((feature, i) =>
    feature.kind === "numeric" && i % 2 === 0
      ? { ...feature, direction: i % 4 === 0 ? ("raises" as const) : ("lowers" as const), monotone: true }
      : feature,
  );
  const files = await publishedFiles(
    {
      ...boosting,
      trees: 200,
      maxDepth: 6,
      subsample: 0.7,
      columnSample: 0.5,
      classWeight: "balanced",
      earlyStopping: { patience: 10 },
    },
    monotone,
  );
  expect(files).toMatchInlineSnapshot(`
    {
      "MODEL_CARD.md": "45d5ac948276397c5651d2d18eb6ec4fe1b9024e1cd320ff8fb7bb2dd5afe8b5",
      "feature_bundle.json": "d108f47423aca8081988fa0be34c1f11abbcb30f572675a37bd548ff3ff77fbc",
      "model.onnx": "d8a48e6978dcd3ccdea7414f0d361e2c5bbe42b6624bd39ee3ae8b72db1778bc",
    }
  `);
});

test("a forest produces the recorded files", async () => {
  const files = await publishedFiles({
    kind: "random_forest",
    trees: 40,
    maxDepth: 0,
    minLeaf: 3,
    columnSample: 0.3,
    classWeight: "balanced",
  });
  expect(files).toMatchInlineSnapshot(`
    {
      "MODEL_CARD.md": "8b7aa2b289a460fb6d0bafff67875ce00a1f180549aa1d46ee0986786c682b6e",
      "feature_bundle.json": "d739529f6b0c6d53f462ecbac0ff7143fe02cbb465121ae36dcb5bc69cb71f2e",
      "model.onnx": "765acf6dc316644b25b220e5bdc5277e11c4f6d9cae8f50cbf1ae09b8b152dd0",
    }
  `);
});

test("a split by time with a calibration out of fold produces the recorded files", async () => {
  const split = {
    ...DEMO_TABLE_SPEC.split,
    by: "time",
    gapDays: 7,
    horizonDays: 30,
    calibrationShare: null,
  } as const;
  expect(await publishedFiles(boosting, DEMO_TABLE_SPEC.features, split)).toMatchInlineSnapshot(`
    {
      "MODEL_CARD.md": "a1f0bff43c3161a217f624a30fdb0faf4710b26f49ffd792849d6a6329037159",
      "feature_bundle.json": "c3d74c4818f5fab9d69490f32eed5e14009eff376c5542291c885a8a62efedf1",
      "model.onnx": "280f5228632ce44f5cc69dce7d35bca0c7a0620c5207ce423197b656857fd6b3",
    }
  `);
});
