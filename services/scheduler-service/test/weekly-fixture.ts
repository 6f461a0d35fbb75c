import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** The configuration of a small model with the categorical feature "region". */
export interface SmallModel {
  /** Numeric features: name, unit, and the upper end of the range, which begins at 0. */
  readonly numbers: readonly (readonly [name: string, unit: string, to: number])[];
  /** Whether the model has the text "contract_text"; it is empty in every row. */
  readonly hasText: boolean;
  /** Columns of the files besides the features, as in the mapping. */
  readonly columns?: readonly string[];
  /** SQL of the exposure. */
  readonly exposure: string;
}

/** Returns model_config.yaml and feature_mapping.yaml. The weekly file is week.csv, with one row per supplier. */
export function smallConfig({ numbers, hasText, columns = [], exposure }: SmallModel) {
  const names = numbers.map(([name]) => name);
  const features = `[${[...names, "region"].join(", ")}]`;
  const read = ["supplier_id: text", ...names.map((name) => `${name}: number`), "region: text", ...columns].join(", ");
  const model = `version: 1
name: supplier-risk
features:
${numbers.map(([name, unit, to]) => `  - { name: ${name}, kind: numeric, unit: ${unit}, range: [0, ${to}] }`).join("\n")}
  - { name: region, kind: category }
${hasText ? "text: { name: contract_text, max_terms: 10, stop_words: english }\n" : ""}target: { name: high_risk, risk_class: high_risk, other_class: low_risk }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.4
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;
  const mapping = `version: 1
sources:
  suppliers: { file: suppliers.csv, columns: { ${read} } }
rows: { from: suppliers, supplier_id: supplier_id, features: ${features}${hasText ? `, text: "''"` : ""} }
label: select supplier_id, 1 as high_risk from suppliers
weekly:
  form: flat
  source: { file: week.csv, columns: { ${read} } }
  rows:
    supplier_id: supplier_id
    features: ${features}
${hasText ? `    text: "''"\n` : ""}    attributes: { display_name: supplier_id, region: region, exposure: ${exposure} }
`;
  return { model, mapping };
}

/** The numeric features of the small demo model. */
const DEMO_NUMBERS = ["past_disputes", "financial_stability_index", "avg_payment_delay_days", "delivery_score"].map(
  (name) => [name, "units", 1_000] as const,
);

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
  const { model, mapping } = smallConfig({ numbers: DEMO_NUMBERS, hasText: true, exposure });
  await writeFile(at("model_config.yaml"), model);
  await writeFile(at("feature_mapping.yaml"), mapping);
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
