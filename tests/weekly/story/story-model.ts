import { parseConfigPair } from "@bellwether/config/config-pair";
import { parseYaml } from "@bellwether/config/yaml-file";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import type { FeatureTable } from "@bellwether/risk-model/tables/feature-table";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { smallConfig } from "../../../services/scheduler-service/test/weekly-fixture.ts";
import { valuesOf } from "./story-values.ts";

/** Configuration of the model of the story. */
const CONFIG = smallConfig({
  numbers: [
    ["past_disputes", "disputes", 100],
    ["avg_payment_delay_days", "days", 365],
    ["delivery_score", "points", 100],
  ],
  hasText: false,
  columns: ["spend: number"],
  exposure: "spend",
});
export const { model: MODEL_YAML, mapping: MAPPING_YAML } = CONFIG;

/** Alerts by the score only: the number of suppliers that a team can examine is 0. */
export const RULES_YAML = `version: 1
cool_down_weeks: 2
runs_to_lapse: 2
score_threshold: { id: high-score, raise: 0.70, runs_to_raise: 2, critical: 0.85, clear: 0.60, runs_to_clear: 2 }
weekly_capacity: { id: weekly-capacity, suppliers: 0, min_lift: 1, keep_within: 0 }
`;

const ROWS = 4_000;
const rows = Array.from({ length: ROWS }, (_, i) => valuesOf(i, i % 200 < 3 ? 8 : i % 200 < 6 ? 9 : i % 8));

/**
 * Trains and publishes a version whose score depends on the disputes only. Of the training rows, those with 9 or more
 * disputes have the risk, and those with 7 or fewer do not. With 8 disputes, 78 % have it; with `isStrict`, all.
 */
export async function publishStoryModel(root: string, { isStrict = false } = {}): Promise<string> {
  const hasRisk = (disputes: number, i: number): boolean =>
    disputes >= 9 || (disputes === 8 && (isStrict || (i * 0.381966) % 1 < 0.78));
  const table: FeatureTable = {
    rows: ROWS,
    supplierIds: rows.map((_, i) => `T_${i}`),
    asOfDays: null,
    numbers: new Map([
      ["past_disputes", Float64Array.from(rows, ({ disputes }) => disputes)],
      ["avg_payment_delay_days", Float64Array.from(rows, ({ delay }) => delay)],
      ["delivery_score", Float64Array.from(rows, ({ delivery }) => delivery)],
    ]),
    categories: new Map([["region", rows.map(({ region }) => region)]]),
    texts: null,
    labels: Uint8Array.from(rows, ({ disputes }, i) => (hasRisk(disputes, i) ? 1 : 0)),
  };
  const configHash = "c".repeat(64);
  const { model: spec } = await parseConfigPair(parseYaml(MODEL_YAML, "model"), parseYaml(MAPPING_YAML, "mapping"));
  const trained = await trainRiskModel({ table, spec, configHash, runOnnx });
  const publication = { modelName: spec.name, origin: "trained" as const, configHash, evaluation: null };
  return (await publishVersion(root, { ...trained, ...publication, now: new Date(0) }, checkScoringModel)).version;
}
