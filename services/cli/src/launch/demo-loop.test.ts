import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadConfigPair } from "@bellwether/config/config-pair";
import { outcomesOf } from "@bellwether/config/model-config";
import { loadRiskPolicy } from "@bellwether/config/risk-policy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoLoopContext, isKnown, prepareDemoLoop } from "./demo-loop.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../../../..");
const NOW = new Date("2026-11-18T10:00:00Z");
let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(path.join(os.tmpdir(), "bellwether-demo-loop-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const given = (env: Record<string, string> = {}) => ({
  cwd,
  env: { BELLWETHER_MODEL_CONFIG: path.join(REPOSITORY, "config/model_config.yaml"), ...env },
});

test("the demo has a data folder and a registry of its own, and is rejected with those of somebody else", () => {
  const { env } = demoLoopContext(given(), REPOSITORY);
  expect(env.BELLWETHER_DATA_DIR).toBe(path.join(cwd, ".bellwether/demo-weeks"));
  expect(env.MODEL_REGISTRY_URL).toBe(`file:${path.join(cwd, ".bellwether/demo-weeks/models")}`);
  for (const name of ["DATABASE_URL", "MODEL_REGISTRY_URL", "BELLWETHER_MODEL_CONFIG"])
    expect(() => demoLoopContext(given({ [name]: "of/somebody/else" }), REPOSITORY)).toThrow(
      "--weeks replays the demo",
    );
});

test("the last weeks have files, known outcomes but for the last two, and a configuration and policy that can be read", async () => {
  const context = demoLoopContext(given(), REPOSITORY);
  const { weeks, env } = await prepareDemoLoop(context, REPOSITORY, 6, NOW);
  expect(weeks.map(({ isoWeek }) => isoWeek)).toEqual([
    ...["2026-W42", "2026-W43", "2026-W44", "2026-W45", "2026-W46", "2026-W47"],
  ]);
  expect(weeks.map(({ isoWeek }) => isKnown(isoWeek, NOW))).toEqual([true, true, true, true, false, false]);
  const input = env.WEEKLY_INPUT_FOLDER ?? "";
  for (const { isoWeek, suppliers, failing } of weeks) {
    const lines = (await readFile(path.join(input, `${isoWeek}.csv`), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(suppliers.length + 1);
    expect(failing.size).toBeGreaterThan(30);
  }
  const mapping = path.join(REPOSITORY, "config/feature_mapping.yaml");
  const { model } = await loadConfigPair(env.BELLWETHER_MODEL_CONFIG ?? "", mapping);
  expect(outcomesOf(model)).toMatchObject({ horizonDays: 7, completeAfterDays: 0 });
  expect((await loadRiskPolicy(env.BELLWETHER_RISK_POLICY ?? "")).retrain).toMatchObject({
    driftAlarms: 1,
    minWeeks: 4,
  });
  // The same weeks have the same files.
  const first = await readFile(path.join(input, "2026-W43.csv"));
  await prepareDemoLoop(context, REPOSITORY, 6, NOW);
  expect((await readFile(path.join(input, "2026-W43.csv"))).equals(first)).toBe(true);
});
