import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** Configuration with the numeric features and the region of the small demo model. */
const MODEL = `version: 1
name: supplier-risk
features:
  - { name: past_disputes, kind: numeric, unit: units, range: [0, 1000] }
  - { name: financial_stability_index, kind: numeric, unit: units, range: [0, 1000] }
  - { name: avg_payment_delay_days, kind: numeric, unit: units, range: [0, 1000] }
  - { name: delivery_score, kind: numeric, unit: units, range: [0, 1000] }
  - { name: region, kind: category }
text: { name: contract_text, max_terms: 10, stop_words: english }
target: { name: high_risk, risk_class: high_risk, other_class: low_risk }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.4
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;
const COLUMNS =
  "{ supplier_id: text, past_disputes: number, financial_stability_index: number, avg_payment_delay_days: number, delivery_score: number, region: text }";
const FEATURES = "[past_disputes, financial_stability_index, avg_payment_delay_days, delivery_score, region]";
const MAPPING = `version: 1
sources:
  suppliers: { file: suppliers.csv, columns: ${COLUMNS} }
rows: { from: suppliers, supplier_id: supplier_id, features: ${FEATURES}, text: "''" }
label: select supplier_id, 1 as high_risk from suppliers
weekly:
  form: flat
  source: { file: week.csv, columns: ${COLUMNS} }
  rows:
    supplier_id: supplier_id
    features: ${FEATURES}
    text: "''"
    attributes: { display_name: supplier_id, region: region, exposure: past_disputes * 100 }
`;

/** Returns a weekly file of `rows` suppliers. In the first `broken` rows, the delay is not a number. */
export function weekCsv(rows: number, { broken = 0, delayBy = 0 } = {}): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const delay = i < broken ? "soon" : (i % 50) + delayBy;
    return `S_${i},${i % 9},${(i % 100) / 100},${delay},${60 + (i % 40)},${["north", "south"][i % 2]}`;
  });
  return `supplier_id,past_disputes,financial_stability_index,avg_payment_delay_days,delivery_score,region\n${lines.join("\n")}\n`;
}

/**
 * Creates a folder with model_config.yaml and feature_mapping.yaml, which is removed on disposal.
 * @param options.exposure SQL of the mapping
 */
export async function weeklyFolder({ exposure = "past_disputes * 100" } = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-weekly-"));
  const at = (name: string): string => path.join(folder, name);
  await writeFile(at("model_config.yaml"), MODEL);
  await writeFile(at("feature_mapping.yaml"), MAPPING.replace("past_disputes * 100", exposure));
  return {
    at,
    settings: {
      modelConfig: at("model_config.yaml"),
      featureMapping: at("feature_mapping.yaml"),
      weeksFolder: at("weeks"),
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
