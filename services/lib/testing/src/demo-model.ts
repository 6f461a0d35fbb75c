import type { ModelSpec } from "@bellwether/config/model-spec";
import { generateDemo } from "@bellwether/demo-data/generate-demo";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { type TrainedRiskModel, trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { madeOnce } from "./made-once.ts";

/** Numeric features of the small demo model. */
export const DEMO_FEATURES = [
  "past_disputes",
  "financial_stability_index",
  "avg_payment_delay_days",
  "delivery_score",
] as const;
/** Configuration of the model: four numbers, a category and a text. */
export const DEMO_SPEC: ModelSpec = {
  name: "supplier-risk",
  features: [
    ...DEMO_FEATURES.map((name) => ({
      name,
      kind: "numeric" as const,
      unit: "units",
      range: [0, 1_000] as const,
      missing: "keep" as const,
      direction: "unknown" as const,
      monotone: false,
      immutable: false,
    })),
    {
      name: "region",
      kind: "category",
      unit: "",
      range: null,
      missing: "keep",
      direction: "unknown",
      monotone: false,
      immutable: true,
    },
  ],
  text: { name: "contract_text", maxTerms: 20, stopWords: "english" },
  target: { name: "high_risk", riskClass: "high_risk", otherClass: "low_risk" },
  bands: { high: 0.7, medium: 0.4 },
  minimumPresent: 0.4,
  trainer: {
    kind: "gradient_boosting",
    trees: 30,
    maxDepth: 4,
    learningRate: 0.2,
    l2: 1,
    minChildWeight: 1,
    subsample: 1,
    columnSample: 1,
    classWeight: "none",
    earlyStopping: null,
  },
  split: { by: "supplier", testShare: 0.25, testFrom: null, gapDays: 0, horizonDays: 0, calibrationShare: 0.2 },
  seed: 42,
};

const demo = generateDemo({ suppliers: 1_500, transactions: 2_000 }, 9);
/** Training table of 1,500 demo suppliers. */
export const DEMO_TABLE: FeatureTable = {
  rows: demo.suppliers.length,
  supplierIds: demo.suppliers.map((s) => s.supplier_id),
  asOfDays: null,
  numbers: new Map(DEMO_FEATURES.map((name) => [name, Float64Array.from(demo.suppliers, (s) => s[name])])),
  categories: new Map([["region", demo.suppliers.map((s) => s.region)]]),
  texts: demo.contracts.map((c) => c.contract_text),
  labels: Uint8Array.from(demo.suppliers, (s) => s.high_risk),
};
/** Returns supplier i of the table in the form of a request. */
export const demoSupplier = (i: number) => ({
  features: Object.fromEntries(DEMO_FEATURES.map((name) => [name, demo.suppliers[i]?.[name] ?? 0])),
  categories: { region: demo.suppliers[i]?.region ?? "" },
  text: demo.contracts[i]?.contract_text ?? "",
});

const CONFIG_HASH = "c".repeat(64);

/** Trains the small demo model in well under a second. */
export const trainDemoModel = (seed = DEMO_SPEC.seed): Promise<TrainedRiskModel> =>
  trainRiskModel({ table: DEMO_TABLE, spec: { ...DEMO_SPEC, seed }, configHash: CONFIG_HASH, runOnnx });

/** What is published of a model. */
type Published = Pick<TrainedRiskModel, "onnx" | "bundleJson" | "modelCard" | "provenance">;

async function trainPublished(seed: number): Promise<Published> {
  const { onnx, bundleJson, modelCard, provenance } = await trainDemoModel(seed);
  return { onnx, bundleJson, modelCard, provenance };
}

/**
 * Publishes the small demo model and makes it the champion; returns its version. The model is trained once for all test
 * processes of a run.
 */
export async function publishDemoModel(root: string, seed = DEMO_SPEC.seed): Promise<string> {
  const trained = await madeOnce(`demo-model-${seed}`, () => trainPublished(seed));
  const now = new Date(0);
  const modelName = DEMO_SPEC.name;
  const { version } = await publishVersion(
    root,
    {
      ...trained,
      modelName,
      origin: "trained",
      configHash: CONFIG_HASH,
      evaluation: null,
      now,
    },
    checkScoringModel,
  );
  await setAlias(
    root,
    { modelName, alias: "champion", version, setBy: "test", reason: "first", now },
    checkScoringModel,
  );
  return version;
}
