import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { isoWeekEnd, isoWeekNumber, isoWeekOfNumber } from "@bellwether/contract/iso-week";
import { snapshotWeekly } from "@bellwether/ingest/snapshot/weekly-snapshot";
import { runNode } from "@bellwether/testing/node-process";
import { PROCESS_ENV } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CLI = path.resolve(import.meta.dirname, "../bellwether.js");
const MODEL = `version: 1
name: late
features:
  - { name: delay, kind: numeric, unit: days, range: [0, 1000] }
  - { name: noise, kind: numeric, unit: points, range: [0, 1000] }
  - { name: region, kind: category }
target: { name: fails, risk_class: fails, other_class: lives }
bands: { high: 0.7, medium: 0.4 }
minimum_present: 0.5
trainer:
  kind: gradient_boosting
  grid: { max_depth: [1, 2] }
  trees: 10
  max_depth: 2
  learning_rate: 0.3
  l2: 1
  min_child_weight: 1
  subsample: 1
  column_sample: 1
split: { by: supplier, test_share: 0.25 }
outcomes: { horizon_days: 7 }
seed: 1
`;
const COLUMNS = "{ supplier_id: text, delay: number, noise: number, region: text }";
const MAPPING = `version: 1
sources: { suppliers: { file: suppliers.csv, columns: ${COLUMNS} } }
rows: { from: suppliers, features: [delay, noise, region] }
weekly:
  form: flat
  source: { file: week.csv, columns: ${COLUMNS} }
  rows: { features: [delay, noise, region] }
`;
const SUPPLIERS = 60;
const FIRST = isoWeekNumber("2026-W01") ?? 0;
const WEEKS = Array.from({ length: 12 }, (_, i) => isoWeekOfNumber(FIRST + i));
/** A supplier fails in the week after its delay is above 50, which every fifth supplier's is in each third week. */
const delayOf = (supplier: number, week: number): number => (supplier % 5 === week % 5 ? 60 + supplier : supplier % 40);
const DAY_MS = 86_400_000;

let folder = "";
const at = (...names: string[]): string => path.join(folder, ...names);
const CONFIG = ["--config", "model_config.yaml", "--mapping", "feature_mapping.yaml"];

async function run(...args: readonly string[]) {
  const env = { ...PROCESS_ENV, BELLWETHER_DATA_DIR: at("data"), MODEL_REGISTRY_URL: `file:${at("models")}` };
  return await runNode(CLI, { args: ["train", ...CONFIG, ...args], cwd: folder, env });
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-weeks-"));
  await writeFile(at("model_config.yaml"), MODEL);
  await writeFile(at("feature_mapping.yaml"), MAPPING);
  const pair = await loadConfigPair(at("model_config.yaml"), at("feature_mapping.yaml"));
  const events: string[] = [];
  for (const [w, week] of WEEKS.entries()) {
    const rows = Array.from({ length: SUPPLIERS }, (_, s) => {
      const delay = delayOf(s, w);
      const happened = new Date(Date.parse(isoWeekEnd(week)) + 3 * DAY_MS).toISOString().slice(0, 10);
      // A little noise, so that no feature is the label.
      if (delay > 50 !== (s * 7 + w) % 13 < 1) events.push(`S${s},${happened}`);
      return `S${s},${delay},${(s * 31 + w * 17) % 97},${["north", "south"][s % 2]}`;
    });
    await mkdir(at("data/weeks/late", week), { recursive: true });
    await writeFile(at("week.csv"), `supplier_id,delay,noise,region\n${rows.join("\n")}\n`);
    await snapshotWeekly({
      ...pair,
      input: at("week.csv"),
      outParquet: at("data/weeks/late", week, "snapshot.parquet"),
    });
    // The last week is not complete.
    if (w < WEEKS.length - 1) await writeFile(at("data/weeks/late", week, "report.json"), "{}");
  }
  await rm(at("data/weeks/late", WEEKS[1] ?? "", "snapshot.parquet"));
  await writeFile(at("outcomes.csv"), `supplier_id,happened_on\n${events.join("\n")}\nS1,not a day\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const WINDOW = ["--from-weeks", "2026-W01..2026-W12", "--outcomes", "outcomes.csv"];

test("trains on complete weeks with a purge gap before the test weeks, in a child, and says what was not used", async () => {
  const until = isoWeekEnd(WEEKS[11] ?? "");
  const { code, stdout, stderr } = await run(...WINDOW, "--complete-until", until, "--publish", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const json = JSON.parse(stdout);
  expect(json.from_weeks.weeks.map(({ week }: { week: string }) => week)).toEqual(
    WEEKS.filter((_, i) => i !== 1 && i !== 11),
  );
  expect(json.from_weeks.weeks[0]).toMatchObject({ rows: SUPPLIERS, labelled: SUPPLIERS });
  expect(json.from_weeks.notes).toEqual([
    "weeks without a snapshot, not used: 2026-W02 (retention.snapshot_weeks of the risk policy says how long they are kept)",
    expect.stringContaining("rejected: happened_on is not a day such as 2026-03-01, for example row"),
  ]);
  expect(json.from_weeks.peak_rss_bytes).toBeGreaterThan(0);
  // Ten weeks of rows: the last quarter is tested, and a window of seven days purges no earlier week's rows.
  expect(json.row_counts).toMatchObject({ train: 7 * SUPPLIERS, test: 3 * SUPPLIERS, purged: 0, unlabelled: 0 });
  expect(json.test_from).toBe(isoWeekEnd(WEEKS[8] ?? ""));
  expect(json.grid).toMatchObject({
    folds: "forward in time",
    choices: [{ settings: { maxDepth: 1 } }, { settings: { maxDepth: 2 } }],
  });
  expect(json).toMatchObject({ version: "v1", alias: "champion" });
  expect(json.auc).toBeGreaterThan(0.7);
});

test("a longer window purges the weeks whose labels reach into the test weeks", async () => {
  const longer = [...WINDOW, "--horizon", "15"];
  const { stdout } = await run(...longer, "--complete-until", "2026-06-01", "--json");
  // 15 days after a Sunday is a Monday two weeks later: the two weeks before the test weeks are purged.
  expect(JSON.parse(stdout).row_counts).toMatchObject({
    train: 5 * SUPPLIERS,
    test: 3 * SUPPLIERS,
    purged: 2 * SUPPLIERS,
  });
});

test.each([
  [["--from-weeks", "2026-W01..2026-W12"], 2, "--from-weeks needs --outcomes FILE"],
  [["--from-weeks", "2026-W12..2026-W01", "--outcomes", "outcomes.csv"], 2, "expected the earlier week first"],
  [["--from-weeks", "2026-W12", "--outcomes", "outcomes.csv"], 2, "expected two ISO weeks"],
  [["--from-weeks", "2026-W01..2026-W12", "--outcomes", "none.csv", "--horizon", "7"], 2, "none.csv is not a file"],
  [[...WINDOW, "--data", "."], 2, "give either --data or --from-weeks"],
  [["--outcomes", "outcomes.csv", "--data", "."], 2, "are only for --from-weeks"],
  [[], 2, "--data DIR is required"],
  [
    ["--from-weeks", "2025-W01..2025-W12", "--outcomes", "outcomes.csv", "--horizon", "7"],
    1,
    "no complete week has a snapshot in this window",
  ],
  [WINDOW, 1, 'are "fails"'],
  [[...WINDOW, "--complete-until", "2026-06-01", "--max-memory", "64"], 1, "more than the limit of 64 MiB"],
])("train %j ends with %i", async (args, code, message) => {
  const ended = await run(...args);
  expect(ended.stderr).toContain(message);
  expect(ended.code).toBe(code);
});

test("a data set without a label cannot train, and the error names the scorecard", async () => {
  await writeFile(at("suppliers.csv"), "supplier_id,delay,noise,region\nS1,1,1,north\n");
  const ended = await run("--data", ".");
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("publish a scorecard (docs/scorecard.md)")]);
});
