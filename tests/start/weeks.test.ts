import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runNode, spawnNode } from "@bellwether/testing/node-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

// The test trains a model and runs eight weeks: a minute on a busy machine.
vi.setConfig({ testTimeout: 360_000, hookTimeout: 60_000 });

const ROOT = path.resolve(import.meta.dirname, "../..");
const CLI = "services/cli/bellwether.js";
const PORTS = ["OPS", "ML", "SCHEDULER"].flatMap((service) =>
  ["WEB", "GRPC", "ADMIN"].map((listener) => `${service}_SERVICE_${listener}_PORT`),
);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-start-weeks-"));
  // The database runs as another user, who must be able to enter the folder.
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { DATABASE_URL: _database, MODEL_REGISTRY_URL: _registry, ...OTHERS } = process.env;
const env = (over: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...OTHERS,
  ...Object.fromEntries(PORTS.map((name) => [name, "0"])),
  ...{ BELLWETHER_DATA_DIR: path.join(folder, "data"), BELLWETHER_LOG_LEVEL: "error", ...over },
});

interface PerformanceJson {
  readonly scorecard: object;
  readonly weeks: readonly { readonly scorecard?: { readonly source: string } }[];
  readonly overall: {
    readonly rows: string;
    readonly scorecard?: { readonly rows: string; readonly aucDifference?: { readonly low?: number } };
  };
}

/** Measures the weeks when the scorecard has scored them all. */
const performanceOf = (url: string): Promise<PerformanceJson> =>
  vi.waitFor(
    async () => {
      const answer = await fetch(`${url}/bellwether.ops.v1.PerformanceService/GetPerformance`, {
        ...{ method: "POST", headers: { "content-type": "application/json" }, body: "{}" },
      });
      const text = await answer.text();
      expect(answer.status, text).toBe(200);
      expect(text).not.toContain("SCORECARD_SOURCE_PENDING");
      return JSON.parse(text) as PerformanceJson;
    },
    { timeout: 60_000 },
  );

test("--weeks is rejected with a registry or a database of somebody else, and with too few weeks", async () => {
  for (const [over, args, message] of [
    [{ MODEL_REGISTRY_URL: "file:models" }, ["--weeks", "8"], "--weeks replays the demo"],
    [{ DATABASE_URL: "postgres://localhost/x" }, ["--weeks", "8"], "--weeks replays the demo"],
    [{}, ["--weeks", "7"], "expected a whole number from 8 to 26"],
  ] as const) {
    const ended = await runNode(CLI, { args: ["start", ...args], cwd: ROOT, env: env(over) });
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});

test("a start with --weeks runs each week, records outcomes, retrains by drift, promotes, and runs the present week last", async () => {
  const mesh = spawnNode(CLI, {
    args: ["start", "--weeks", "8"],
    cwd: ROOT,
    env: env(),
    stdout: "collect",
    ipc: false,
  });
  try {
    const weekLines = (): readonly string[] => mesh.output().match(/^\d{4}-W\d\d: .*$/gm) ?? [];
    await vi.waitFor(() => expect(weekLines()).toHaveLength(8), { timeout: 280_000, interval: 200 });
    const lines = mesh.output();
    expect(weekLines()[0]).toMatch(/1500 suppliers scored by v1, \d+ alerts? raised, 0 drift alarms/);
    expect(weekLines()[1]).toMatch(/[1-9]\d* drift alarms? against the training rows/);
    expect(lines).toContain("published the scorecard v2: ");
    expect(lines).toContain("outcomes of ");
    expect(lines).toMatch(
      /retrain because \d{4}-W\d\d has \d+ drift alarms? .*: v3 is published as challenger, AUC 0\.\d+/,
    );
    expect(lines).toMatch(/promotion gate: pass against v1, AUC \+0\.\d+ .*; v3 is the champion$/m);
    expect(weekLines()[6]).toContain("scored by v1");
    expect(weekLines()[7]).toContain("scored by v3");
    const [, url = ""] = /^dashboard: (\S+)$/m.exec(lines) ?? [];
    const { scorecard, weeks, overall } = await performanceOf(url);
    expect(scorecard).toEqual({ modelVersion: "v2" });
    expect(new Set(weeks.map((week) => week.scorecard?.source))).toEqual(new Set(["SCORECARD_SOURCE_STORED_FEATURES"]));
    expect(overall.scorecard?.rows).toBe(overall.rows);
    expect(overall.scorecard?.aucDifference?.low).toEqual(expect.any(Number));
  } finally {
    expect(await mesh.end("SIGTERM")).toBe(0);
  }
});
