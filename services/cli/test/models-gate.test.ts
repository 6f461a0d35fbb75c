import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type EndedProcess, runNode } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ROOT = path.resolve(import.meta.dirname, "../../..");
const CLI = "services/cli/bellwether.js";
let folder = "";
const at = (...names: string[]): string => path.join(folder, ...names);
const run = (...args: readonly string[]): Promise<EndedProcess> => {
  const { OPS_SERVICE_URL: _ops, SCHEDULER_SERVICE_URL: _scheduler, ...inherited } = process.env;
  const env = {
    ...inherited,
    MODEL_REGISTRY_URL: `file:${at("models")}`,
    BELLWETHER_DATA_DIR: at("data"),
    USER: "ada",
  };
  return runNode(CLI, { args, cwd: ROOT, env });
};
/** Options that name rows on which neither version was trained. */
const rows = (): string[] => ["--data", at("demo"), "--config", at("challenger.yaml")];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "models-gate-"));
  await run("demo", "--suppliers", "2000", "--transactions", "3000", "--seed", "123", "--output", at("demo"));
  const config = await readFile(path.join(ROOT, "config/model_config.yaml"), "utf8");
  await writeFile(at("champion.yaml"), config.replace("trees: 100", "trees: 20"));
  await writeFile(at("challenger.yaml"), config.replace("trees: 100", "trees: 60"));
  for (const name of ["champion", "challenger"]) {
    const trained = await run("train", "--data", at("demo"), "--config", at(`${name}.yaml`), "--publish");
    if (trained.code !== 0) throw new Error(trained.stderr);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("models gate prints each check, the verdict and what to do, and stores the result with the challenger", async () => {
  const ran = await run("models", "gate", ...rows());
  expect(ran.stderr).toBe("");
  const [first = "", second = ""] = ran.stdout.split("\n");
  expect(first).toBe(
    "supplier-risk: v2 against v1, the champion, on test rows, of suppliers that are not on the training side",
  );
  expect(second).toMatch(/^\d+ rows of \d+ suppliers, \d+ with the risk$/);
  for (const check of ["AUC", "Brier score", "segments", "importance", "contract", "CPU time of a row", "open alerts"])
    expect(ran.stdout).toMatch(new RegExp(`^ {2}${check} +(passed|held|failed|not made) +\\S`, "m"));
  const verdict = /^(PASS|HELD|FAIL): /m.exec(ran.stdout)?.[1];
  expect(ran.code).toBe(verdict === "PASS" ? 0 : 1);
  const id = /^result: ([0-9a-f]{64})$/m.exec(ran.stdout)?.[1] ?? "";
  expect(await readdir(at("models", "supplier-risk", "v2"))).toEqual(
    expect.arrayContaining(["GATE.md", `gate-${id.slice(0, 16)}.json`, "gate-score-shift.svg"]),
  );
  const shown = await run("models", "show", "v2");
  expect(shown.stdout).toContain(`## Promotion gate\n**${verdict}**`);
  expect(shown.stdout).toMatch(/^## Origin\n- Published at .* by bellwether train: trained and published\.$/m);
  expect(shown.stdout).toContain("## Changes against v1");
});

test("with --json it is one line, and a rejection of its result is recorded", async () => {
  const ran = await run("models", "gate", "v2", ...rows(), "--json");
  const result = JSON.parse(ran.stdout);
  expect(result).toMatchObject({ model: "supplier-risk", champion: "v1", challenger: "v2", promoted: null });
  const rejected = await run("models", "reject", "v2", "--gate", result.gate_id, "--reason", "not now");
  expect(rejected).toMatchObject({ code: 0, stdout: expect.stringContaining("v2 is rejected by ada") });
  const late = await run("models", "approve", "v2", "--gate", result.gate_id, "--reason", "yes");
  expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining("was rejected by ada") });
});

test("a policy that promotes equal models promotes automatically", async () => {
  await writeFile(
    at("policy.yaml"),
    "version: 1\npromotion: { automatic: true, min_class_suppliers: 10, min_auc_gain: -0.1, max_average_precision_loss: 1, max_brier_increase: 1, max_calibration_error_increase: 1, min_importance_correlation: -1, max_row_time_ratio: 1000, max_changed_alerts: 1 }\n",
  );
  const ran = await run("models", "gate", ...rows(), "--policy", at("policy.yaml"));
  expect(ran.stdout).toContain("champion is v2: the risk policy promotes automatically");
  expect(ran.code).toBe(0);
  expect((await run("models", "rollback")).stdout).toContain("champion is v1 again, was v2");
});

test("wrong uses end with a message that says what to do", async () => {
  await writeFile(at("wrong.yaml"), "version: 1\npromotion: { automatic: 1, min_auc_gain: 9 }\n");
  for (const [args, code, text] of [
    [["gate"], 2, "give the labelled rows: --data DIR, or --from-weeks WEEKS with --outcomes FILE"],
    [["gate", "--data", "x", "--from-weeks", "2026-W01..2026-W02"], 2, "give the labelled rows"],
    [["gate", "--data", at("demo"), "--outcomes", "x"], 2, "--outcomes belongs to --from-weeks"],
    [["gate", "champion", ...rows()], 2, "is the champion; name a challenger"],
    [["gate", "v9", ...rows()], 1, 'no version or alias "v9"'],
    [["gate", ...rows(), "--policy", at("wrong.yaml")], 2, "2 violation(s)"],
    [["approve", "v2", "--reason", "x"], 2, "--gate"],
    [["approve", "v2", "--gate", "0".repeat(64), "--reason", "x"], 1, "of the promotion gate"],
  ] as const) {
    const ran = await run("models", ...args);
    expect([args.join(" "), ran.code, ran.stderr.includes(text) || ran.stderr]).toEqual([args.join(" "), code, true]);
  }
});
