import { expect, test } from "vitest";
import { DEMO_TABLE_SPEC } from "../../test/demo-table-fixture.ts";
import type { FeatureBundle } from "../bundle/feature-bundle.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { CalibratedModel } from "./calibrate-model.ts";
import { renderModelCard } from "./model-card.ts";
import type { TrainingProvenance } from "./provenance.ts";

const evaluation: Evaluation = {
  rows: 200,
  positives: 40,
  suppliers: 150,
  auc: 0.8,
  aucInterval: [0.75, 0.85],
  averagePrecision: 0.5,
  brier: 0.1,
  intervals: { averagePrecision: [0.41, 0.59], brier: [0.08, 0.12], logLoss: null },
  baseRateBrier: 0.16,
  logLoss: 0.3,
  baseRateLogLoss: 0.5,
  precisionAt: [{ k: 10, precision: 0.7 }],
  largestBinShare: 0.6,
  calibration: [{ from: 0, to: 0.1, rows: 7, predicted: 0.05, observed: 0.06 }],
  baseline: { feature: "late_ratio", direction: "higher", auc: 0.7 },
};
const bundle: FeatureBundle = {
  format: "bellwether.feature-bundle/1",
  modelName: "demo",
  modelKind: "gradient_boosting",
  configHash: "cafe",
  features: [],
  columns: [],
  text: null,
  minimumPresent: 0.5,
  outputSpace: "margin",
  classes: { risk: "high", other: "low" },
  calibration: { kind: "platt", slope: 1, intercept: 0 },
  bands: { high: 0.7, medium: 0.4 },
  explanation: { kind: "path-dependent", background: "" },
  golden: [],
  seed: 1,
};
const calibration: CalibratedModel = {
  calibration: bundle.calibration,
  from: "out of fold by supplier",
  rows: 800,
  positives: 90,
  slope: { value: 0.9, interval: [0.7, 1.1] },
  rejected: [],
  outOfFold: null,
};
const provenance: TrainingProvenance = {
  dataSha256: "beef",
  rows: 10,
  positives: 1,
  suppliers: 9,
  period: null,
  split: { by: "supplier", testShare: 0.25, testFrom: null, windowDays: 0, seed: 1 },
  calibration: { kind: "platt", from: "out of fold by supplier", rows: 800 },
};
const rows = { rows: 10, positives: 1, suppliers: 9, period: null };
const render = (over: Partial<Evaluation>, bundleOver: Partial<FeatureBundle> = {}): string =>
  renderModelCard({
    bundle: { ...bundle, ...bundleOver },
    spec: DEMO_TABLE_SPEC,
    evaluation: { ...evaluation, ...over },
    calibration: { ...calibration, calibration: { ...bundle, ...bundleOver }.calibration },
    rowCounts: { train: 10, calibration: 10, test: 10, purged: 0, invalid: 2, tooFew: 3, testFrom: null },
    provenance,
    warnings: [],
    grid: null,
    leftOut: [{ column: "carrier_share", reason: "outside 0 to 1", rows: 418, sample: "seller|1: 1.08" }],
    summaries: { training: rows, calibration: rows, test: rows },
  });

test("shows the baseline whether it wins or not, and states whether the difference may be chance", () => {
  expect(render({})).toContain(
    "| AUC | 0.8000 (95 %: 0.7500 to 0.8500) | 0.7000 (`late_ratio` alone, higher is worse) |",
  );
  expect(render({})).toContain("The model wins by 0.1000.");
  expect(render({ aucInterval: [0.6, 0.9] })).toContain("so this may be chance");
  expect(render({ auc: 0.6 })).toContain("**The single feature wins by 0.1000.**");
  expect(render({ auc: 0.7 })).toContain("rank these rows equally well");
  expect(render({ baseline: null })).toContain("no numeric feature to hold it against");
});

test("states when the probabilities, the calibration or the number of positives are poor", () => {
  expect(render({})).not.toContain("**Its probabilities");
  expect(render({ brier: 0.2 })).toContain("**Its probabilities are no better than the training rate for all:**");
  expect(render({}, { calibration: { kind: "none" } })).toContain("The scores are not calibrated");
  expect(render({ positives: 29 })).toContain("Only 29 test rows came true");
  expect(render({ positives: 30 })).not.toContain("Only 30");
});

test("shows undefined figures as not defined", () => {
  expect(render({ auc: Number.NaN, aucInterval: null })).toContain("| AUC | not defined (no interval) |");
});

test("names the features that are constrained to their direction, and those that are not", () => {
  const feature = (name: string, direction: "raises" | "lowers" | "unknown", monotone: boolean) => ({
    name,
    direction,
    monotone,
    kind: "numeric" as const,
    unit: "days",
    range: null,
    missing: "keep" as const,
    immutable: false,
    training: null,
    categories: [],
  });
  const features = [
    feature("delay", "raises", true),
    feature("quality", "lowers", false),
    feature("shoe_size", "unknown", false),
  ];
  const card = render({}, { features });
  expect(card).toContain("- Held to the declared direction (monotone splits): `delay` raises.");
  expect(card).toContain("- **Not** held to the declared direction (`monotone: false`): `quality` lowers.");
  expect(card).not.toContain("shoe_size");
  expect(render({})).not.toContain("direction (");
});

test("lists the rows that did not take part by column and reason, with an example", () => {
  expect(render({})).toContain("| `carrier_share` outside 0 to 1 | 418 | seller\\|1: 1.08 |");
});

test("every figure has its interval or says that there is none, and the calibration has a plot", () => {
  const card = render({});
  expect(card).toContain("| average precision | 0.5000 (95 %: 0.4100 to 0.5900) |");
  expect(card).toContain("| Brier score | 0.1000 (95 %: 0.0800 to 0.1200) |");
  expect(card).toContain("| log loss | 0.3000 (no interval) |");
  expect(card).toContain("```text\nscore    0.0");
});
