import { access } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { expect, test } from "vitest";
import { dataFolder } from "../../test/mapping-fixture.ts";
import { readTrainingTable } from "./training-table.ts";

const CONFIG = new URL("../../../../../config/examples/bankruptcy/", import.meta.url).pathname;
const REAL = new URL("../../../../../../shared/data/", import.meta.url).pathname;
const FILE = "american_bankruptcy_1999_2014.csv.gz";
const hasRealData = await access(REAL + FILE).then(
  () => true,
  () => false,
);

test("only a company's last year is labelled as failed, and the last year of the file has no label", async () => {
  const { model, mapping } = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
  const headers = mapping.sources[0]?.columns.map((c) => c.header) ?? [];
  const row = (company: string, status: string, year: number) =>
    [company, status, year, ...headers.slice(3).map(() => 1)].join(",");
  const rows = [
    row("A", "failed", 2000),
    row("A", "failed", 2001),
    row("B", "alive", 2000),
    row("B", "alive", 2001),
    row("C", "failed", 2001),
    row("C", "failed", 2002),
  ];
  await using folder = await dataFolder({ [FILE]: gzipSync(`${headers.join(",")}\n${rows.join("\n")}\n`) });
  const { table, unlabelled } = await readTrainingTable({ model, mapping, dataDir: folder.path });
  const labels = table.supplierIds.map((id, i) => [
    id,
    new Date((table.asOfDays?.[i] ?? 0) * 86_400_000).getUTCFullYear(),
    table.labels?.[i],
  ]);
  expect(labels).toEqual([
    ["A", 2000, 0],
    ["B", 2000, 0],
    ["A", 2001, 1],
    ["B", 2001, 0],
    ["C", 2001, 0],
  ]);
  expect(unlabelled).toBe(1);
});

test.skipIf(!hasRealData)(
  "reads the real company-years and rejects impossible ones (needs ../shared/data)",
  async () => {
    const pair = await loadConfigPair(`${CONFIG}model_config.yaml`, `${CONFIG}feature_mapping.yaml`);
    const { table, rejected, unlabelled, sources } = await readTrainingTable({ ...pair, dataDir: REAL });
    expect(sources[0]?.rows).toBe(65_275);
    expect(rejected).toMatchObject({ count: 3, bySource: { rows: 3 } });
    expect(table.rows + rejected.count + unlabelled).toBe(65_275);
    expect(table.labels?.reduce((sum, label) => sum + label, 0)).toBe(462);
  },
);
