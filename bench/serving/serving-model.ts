import type { ModelSpec } from "@bellwether/config/model-spec";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { readVersion, type StoredVersion } from "@bellwether/registry/versions/read-version";
import { createRandom } from "@bellwether/risk-model/random";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";

/** Names of the 16 numeric features. */
export const FEATURES = Array.from({ length: 16 }, (_, i) => `feature_${String(i + 1).padStart(2, "0")}`);
export const MODEL_NAME = "m6";
const ROWS = 6_000;
/** Terms of the text: with the features, the model has 40 columns, as m6 of bench/explain-models.ts. */
const TERMS = 24;
const WORDS = [
  ...[
    "delivery",
    "payment",
    "penalty",
    "termination",
    "warranty",
    "liability",
    "price",
    "adjustment",
    "index",
    "audit",
  ],
  ...["insurance", "force", "majeure", "notice", "renewal", "exclusive", "minimum", "order", "volume", "late"],
  ...["interest", "escrow", "quality", "inspection", "recall", "confidential", "subcontractor", "transfer", "title"],
  ...["risk", "governing", "arbitration", "currency", "hedge", "forecast", "capacity", "shipment", "customs", "duty"],
];

const SPEC: ModelSpec = {
  name: MODEL_NAME,
  features: FEATURES.map((name) => ({
    ...{ name, kind: "numeric" as const, unit: "units", range: null, missing: "keep" as const },
    ...{ direction: "unknown" as const, monotone: false, immutable: false },
  })),
  text: { name: "contract_text", maxTerms: TERMS, stopWords: "english" },
  target: { name: "high_risk", riskClass: "high_risk", otherClass: "low_risk" },
  bands: { high: 0.7, medium: 0.4 },
  minimumPresent: 0.4,
  trainer: {
    ...{ kind: "gradient_boosting", trees: 100, maxDepth: 6, learningRate: 0.1, l2: 1, minChildWeight: 1 },
    ...{ subsample: 1, columnSample: 1, classWeight: "none", earlyStopping: null },
  },
  split: { by: "supplier", testShare: 0.2, testFrom: null, gapDays: 0, horizonDays: 0, calibrationShare: 0.2 },
  seed: 42,
};

/** Returns rows of 16 values, `[rows × 16]`: normal, log-normal and count columns. */
export function drawFeatures(rows: number, stream: string): Float32Array {
  const random = createRandom(42, stream);
  return Float32Array.from({ length: rows * FEATURES.length }, (_, at) => {
    const column = at % FEATURES.length;
    if (column < 6) return random.normal();
    return column < 11 ? Math.exp(random.normal()) : Math.round(4 + 2 * random.normal());
  });
}

/** Returns a text of words of the vocabulary, with exactly `characters` characters. */
export function drawText(characters: number, stream: string): string {
  const random = createRandom(7, stream);
  let text = "";
  while (text.length < characters) text += `${WORDS[random.below(WORDS.length)]} `;
  return text.slice(0, characters);
}

/** The training rows, which other makers' models are trained on too. */
export function trainingTable(): FeatureTable & { readonly texts: string[] } {
  const values = drawFeatures(ROWS, "training rows");
  const texts = Array.from({ length: ROWS }, (_, row) => drawText(400, `text ${row}`));
  const random = createRandom(42, "labels");
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => {
    const x = (column: number): number => values[row * FEATURES.length + column] ?? 0;
    const late = (texts[row]?.split("late").length ?? 1) - 1;
    const margin =
      x(0) + 0.8 * x(1) * x(2) - 0.6 * Math.abs(x(3)) + 0.4 * Math.sin(2 * x(5)) + 0.3 * Math.log(x(6) + 0.01);
    return random.uniform() < 1 / (1 + Math.exp(-(margin + 0.15 * x(11) + 0.3 * late - 1.2))) ? 1 : 0;
  });
  return {
    ...{ rows: ROWS, asOfDays: null, categories: new Map(), texts, labels },
    supplierIds: Array.from({ length: ROWS }, (_, row) => `S_${row}`),
    numbers: new Map(
      FEATURES.map((name, c) => [name, Float64Array.from({ length: ROWS }, (_, r) => values[r * 16 + c] ?? 0)]),
    ),
  };
}

/** Trains a model of 100 trees of depth 6, publishes it and makes it the champion. It is the same on every machine. */
export async function publishServingModel(root: string, withText: boolean): Promise<StoredVersion> {
  const spec = withText ? SPEC : { ...SPEC, text: null };
  const table = withText ? trainingTable() : { ...trainingTable(), texts: null };
  const configHash = "b".repeat(64);
  const trained = await trainRiskModel({ table, spec, configHash, runOnnx });
  const now = new Date();
  const draft = { ...trained, modelName: MODEL_NAME, origin: "trained" as const, configHash, evaluation: null, now };
  const { version } = await publishVersion(root, draft, checkScoringModel);
  const move = { modelName: MODEL_NAME, alias: "champion", version, setBy: "bench", reason: "measured", now } as const;
  await setAlias(root, move, checkScoringModel);
  return await readVersion(root, MODEL_NAME, version);
}
