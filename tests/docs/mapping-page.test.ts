import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseConfigPair } from "@bellwether/config/config-pair";
import { parseYaml } from "@bellwether/config/yaml-file";
import { readTrainingTable } from "@bellwether/ingest/training/training-table";
import { expect, test } from "vitest";
import { ROOT } from "./blocks.ts";

const page = readFileSync(path.join(ROOT, "docs/mapping.md"), "utf8");
const sections = page.slice(page.indexOf("## Five worked sources")).split("\n### ").slice(1);

const blockOf = (section: string, language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(section)?.[1] ?? "";

/** Returns a model configuration with the given numeric features. */
const modelOf = (features: readonly string[]) => `version: 1
name: page
features:
${features.map((name) => `  - { name: ${name}, kind: numeric, unit: any, range: [-1e15, 1e15] }`).join("\n")}
target: { name: late, risk_class: late, other_class: on_time }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0
trainer: { kind: random_forest, trees: 10, max_depth: 0, min_leaf: 1, column_sample: 1 }
split: { by: supplier }
seed: 1
`;

test("the page has five worked sources", () => {
  expect(sections).toHaveLength(5);
});

test.each(sections.map((section) => [section.split("\n")[0], section]))(
  "%s: the result is as shown",
  async (_, section = "") => {
    const mapping = blockOf(section, "yaml");
    const folder = await mkdtemp(path.join(tmpdir(), "bellwether-page-"));
    try {
      for (const [, name = "", text = ""] of section.matchAll(/^`([^`]+)`[^\n]*:\n\n```text\n([\s\S]*?)```/gm)) {
        await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        const isLatin = mapping.includes("encoding: windows-1252");
        await writeFile(path.join(folder, name), Buffer.from(text, isLatin ? "latin1" : "utf8"));
      }
      const yaml = parseYaml(mapping, "feature_mapping.yaml");
      const given: unknown = Reflect.get(Reflect.get(Object(yaml.value), "rows"), "features");
      const features = Array.isArray(given) ? given.map(String) : Object.keys(Object(given));
      const pair = await parseConfigPair(parseYaml(modelOf(features), "model_config.yaml"), yaml);
      const read = await readTrainingTable({ ...pair, dataDir: folder });
      const { table, rejected, sources, olderRows } = read;
      const shown: unknown = JSON.parse(blockOf(section, "json"));
      const cell = (value: number | undefined) =>
        value === undefined || Number.isNaN(value) ? null : Number(value.toPrecision(9));
      expect({
        rows: table.supplierIds.map((id, row) => [id, ...features.map((name) => cell(table.numbers.get(name)?.[row]))]),
        rejected: rejected.samples.map(
          ({ file, line, column, reason, text }) => `${file}:${line} ${column}: ${text}: ${reason}`,
        ),
        older_rows: olderRows,
        notes: sources.flatMap(({ file, notes }) => notes.map((note) => `${file}: ${note}`)),
      }).toEqual(shown);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
