import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ConfigPair, parseConfigPair } from "@bellwether/config/config-pair";
import { parseYaml } from "@bellwether/config/yaml-file";
import { readTrainingTable, type TrainingInput, type TrainingTable } from "../src/training/training-table.ts";

/** A folder of raw files for one test; removed on disposal. */
export interface DataFolder extends AsyncDisposable {
  readonly path: string;
}

/** Writes `files` (name → content) into a new folder. */
export async function dataFolder(files: Readonly<Record<string, string | Uint8Array>>): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), "bellwether-data-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Configuration with two numeric features, `delay` and `amount`; `more` adds top-level lines. */
export const SMALL_MODEL = `version: 1
name: small
features:
  - { name: delay, kind: numeric, unit: days, range: [-365, 365] }
  - { name: amount, kind: numeric, unit: usd, range: [0, 1000000] }
target: { name: late, risk_class: late, other_class: on_time }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;

/** Mapping of `suppliers.csv` (id, delay, amount, late) without changes. */
export const SMALL_MAPPING = `version: 1
sources:
  suppliers:
    file: suppliers.csv
    columns: { id: text, delay: number, amount: number, late: integer }
rows:
  from: suppliers
  supplier_id: id
  features: [delay, amount]
  attributes: { display_name: id, exposure: amount }
label: select id as supplier_id, late from suppliers
weekly:
  form: flat
  source: { file: week.csv, columns: { id: text, delay: number, amount: number, region: text } }
  rows:
    supplier_id: id
    features: [delay, amount]
    attributes: { display_name: upper(id), region: region, exposure: amount * 2 }
`;

/** Parses and checks a model configuration and a feature mapping that are given as YAML texts. */
export function smallPair({ model = SMALL_MODEL, mapping = SMALL_MAPPING } = {}): Promise<ConfigPair> {
  return parseConfigPair(parseYaml(model, "model_config.yaml"), parseYaml(mapping, "feature_mapping.yaml"));
}

/** Reads the training table of `files` with a model configuration and a feature mapping given as YAML texts. */
export async function readSmall(
  files: Readonly<Record<string, string | Uint8Array>>,
  { model, mapping, ...input }: { model?: string; mapping?: string } & Pick<TrainingInput, "limits" | "signal"> = {},
): Promise<TrainingTable> {
  await using folder = await dataFolder(files);
  const pair = await smallPair({ ...(model && { model }), ...(mapping && { mapping }) });
  return await readTrainingTable({ ...pair, dataDir: folder.path, ...input });
}
