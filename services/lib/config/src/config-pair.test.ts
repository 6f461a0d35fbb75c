import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { type ConfigPair, loadConfigPair, parseConfigPair } from "./config-pair.ts";
import { parseYaml } from "./yaml-file.ts";

const MODEL = `version: 1
name: demo
features:
  - { name: avg_delay, kind: numeric, unit: days, range: [0, 365] }
  - { name: region, kind: category }
text: { name: contract_text, max_terms: 10 }
target: { name: late, risk_class: late, other_class: on_time }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;

const MAPPING = `version: 1
sources:
  suppliers:
    file: suppliers.csv
    columns:
      supplier_id: text
      delay: { header: "Delay (days)", type: number, null_values: [n/a] }
      opened: { type: date, formats: ["%d-%b-%y"] }
      region: text
      contract: text
steps:
  - name: recent
    sql: select * from suppliers
rows:
  from: recent
  features:
    avg_delay: delay
    region: region
  text: contract
  attributes: { display_name: supplier_id }
label: select supplier_id, delay > 30 as late from suppliers
weekly:
  form: flat
  source: { file: weekly.csv, columns: { supplier_id: text, avg_delay: number, region: text, contract_text: text } }
  rows: { features: [avg_delay, region], text: contract_text }
`;

function pair(model = MODEL, mapping = MAPPING): Promise<ConfigPair> {
  return parseConfigPair(parseYaml(model, "m.yaml"), parseYaml(mapping, "f.yaml"));
}

test("a CSV file has one of four encodings; the default, UTF-8, is not part of the hash", async () => {
  const withEncoding = (encoding: string) =>
    pair(MODEL, MAPPING.replace("file: suppliers.csv", `file: suppliers.csv\n    encoding: ${encoding}`));
  const plain = await pair();
  expect((await withEncoding("utf-8")).configHash).toBe(plain.configHash);
  const cp1252 = await withEncoding("windows-1252");
  expect(cp1252.configHash).not.toBe(plain.configHash);
  expect(cp1252.mapping.sources[0]?.encoding).toBe("windows-1252");
  expect(await violationsOf(withEncoding("latin1"))).toEqual([
    expect.stringContaining("expected one of utf-8, utf-16, windows-1252, iso-8859-1"),
  ]);
  expect(await violationsOf(withEncoding("utf-8\n    format: parquet"))).toEqual([
    expect.stringContaining("expected no encoding, which only a CSV file has"),
  ]);
});

async function violationsOf(run: Promise<unknown>): Promise<string[]> {
  const error = await run.then(
    () => null,
    (e: unknown) => e,
  );
  if (error === null) return [];
  if (!(error instanceof ConfigError)) throw error;
  return error.message
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

test("reads a pair and expands short forms", async () => {
  const { mapping } = await pair();
  expect(mapping.sources[0]?.columns.slice(0, 3)).toEqual([
    {
      name: "supplier_id",
      header: "supplier_id",
      type: "text",
      trim: false,
      formats: [],
      nullValues: [],
      nullPatterns: [],
    },
    {
      name: "delay",
      header: "Delay (days)",
      type: "number",
      trim: false,
      formats: [],
      nullValues: ["n/a"],
      nullPatterns: [],
    },
    {
      name: "opened",
      header: "opened",
      type: "date",
      trim: false,
      formats: ["%d-%b-%y"],
      nullValues: [],
      nullPatterns: [],
    },
  ]);
  expect(mapping.weekly).toMatchObject({
    form: "flat",
    source: { name: "weekly" },
    rows: { from: "weekly", supplierId: "supplier_id", features: { avg_delay: "avg_delay", region: "region" } },
  });
});

test("the hash depends on the configured values, not on how they are written", async () => {
  const { configHash } = await pair();
  expect(configHash).toMatch(/^[0-9a-f]{64}$/);
  const rewritten = MODEL.replace("seed: 1\n", "").replace("version: 1", "version: 1 # a comment\nseed: 0x1");
  expect((await pair(rewritten)).configHash).toBe(configHash);
  expect((await pair(MODEL.replace("seed: 1", "seed: 2"))).configHash).not.toBe(configHash);
  expect((await pair(MODEL, MAPPING.replace("delay > 30", "delay > 31"))).configHash).not.toBe(configHash);
  // Outcomes change no score.
  expect((await pair(`${MODEL}\noutcomes: { horizon_days: 30 }\n`)).configHash).toBe(configHash);
});

test("names each feature that a mapping lacks or adds, with the nearest name", async () => {
  const mapping = MAPPING.replace("    avg_delay: delay\n", "    avg_dealy: delay\n    colour: region\n");
  expect(await violationsOf(pair(MODEL, mapping))).toEqual([
    'f.yaml:17:5 rows.features: found no feature "avg_delay", expected every feature of the model configuration',
    'f.yaml:17:5 rows.features: found the feature "avg_dealy" that the model does not name, expected "avg_delay"',
    'f.yaml:18:5 rows.features: found the feature "colour" that the model does not name, expected only features of the model configuration',
  ]);
});

test("rejects a text on one side only and a split by time without as_of", async () => {
  const noText = MAPPING.replace("  text: contract\n", "");
  expect(await violationsOf(pair(MODEL, noText))).toEqual([
    "f.yaml:15:3 rows: found no text, expected text, the model's contract_text",
  ]);
  const surplus = MODEL.replace(/text: .*\n/, "");
  expect((await violationsOf(pair(surplus)))[0]).toContain("rows.text: found a text, expected none");
  const byTime = MODEL.replace("by: supplier", "by: time");
  expect((await violationsOf(pair(byTime)))[0]).toContain(
    "found no as_of, expected as_of, since the model splits by time",
  );
});

test.each([
  ["file: suppliers.csv", "file: ../suppliers.csv", "sources.suppliers.file"],
  ["file: suppliers.csv", "file: /etc/passwd", "sources.suppliers.file"],
  ["file: suppliers.csv", "file: a/../../b.csv", "sources.suppliers.file"],
  ["region: text", "region: txt", 'sources.suppliers.columns.region.type: found "txt", expected one of text'],
  ["type: number", "typ: number", 'found the unknown key "typ", expected the known key "type"'],
  ["type: number", "type: number, formats: ['%Y']", 'formats: found ["%Y"], expected no formats'],
  ["from: recent", "from: recnet", 'rows.from: found "recnet", expected the source or step "recent"'],
  ["name: recent", "name: suppliers", 'steps[0].name: found the table "suppliers" again'],
  ["name: recent", "name: snapshots", 'found the table "snapshots" again'],
  ["    avg_delay: delay\n", "    Avg Delay: delay\n", 'found the name "Avg Delay", expected a name of a-z'],
  ["form: flat", "form: flt", 'weekly.form: found "flt", expected weekly with form'],
  ["features: [avg_delay, region]", "features: [avg_delay, avg_delay]", "weekly.rows.features: found"],
  ["label: select", "lable: select", 'found the unknown key "lable", expected the known key "label"'],
  ["steps:", "snapshots: { every: month, from: 2012-01-01, to: 2011-01-01 }\nsteps:", "expected from not after to"],
  ["version: 1", "version: 1.5", "version: found 1.5"],
])("rejects %s written as %s", async (good, bad, expected) => {
  const violations = await violationsOf(pair(MODEL, MAPPING.replace(good, bad)));
  expect(violations.some((m) => m.includes(expected))).toBe(true);
});

test("reports the violations of both files together", async () => {
  const violations = await violationsOf(
    pair(MODEL.replace("seed: 1", "seed: x"), MAPPING.replace("from: recent", "from: 3")),
  );
  expect(violations.map((m) => m.split(":")[0])).toEqual(["m.yaml", "f.yaml"]);
});

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "bellwether-config-"));
});
afterAll(() => rm(dir, { recursive: true }));

test("reads the pair from files and names each missing file", async () => {
  await writeFile(join(dir, "m.yaml"), MODEL);
  await writeFile(join(dir, "f.yaml"), MAPPING);
  expect((await loadConfigPair(join(dir, "m.yaml"), join(dir, "f.yaml"))).configHash).toBe((await pair()).configHash);
  const violations = await violationsOf(loadConfigPair(join(dir, "no.yaml"), join(dir, "none.yaml")));
  expect(violations).toHaveLength(2);
});
