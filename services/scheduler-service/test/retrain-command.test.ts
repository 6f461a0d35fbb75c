import path from "node:path";
import { createLogger } from "@bellwether/telemetry/logger";
import { runNode } from "@bellwether/testing/node-process";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV } from "@bellwether/testing/service-process";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createSchedulerService } from "../src/service.ts";
import { startOps, weeksFolder } from "./retrain-fixture.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const CLI = path.resolve(import.meta.dirname, "../../cli/bellwether.js");
const running = new AsyncDisposableStack();
let url = "";

beforeAll(async () => {
  const cluster = running.use(await startPostgresCluster());
  const folder = running.use(await weeksFolder());
  const ops = running.use(await startOps());
  ops.state.outcomes = [...folder.outcomes];
  const scheduler = running.use(
    await createSchedulerService({
      ...{ modelConfig: folder.at("model_config.yaml"), featureMapping: folder.at("feature_mapping.yaml") },
      ...{
        riskPolicy: folder.at("risk_policy.yaml"),
        weeksFolder: folder.at("weeks"),
        registryRoot: folder.at("models"),
      },
      ...{ defaultModel: "late", opsUrl: ops.url, mlUrl: ops.url, queueUrl: await cluster.createDatabase() },
      ...{ cron: "0 6 * * 1", timeZone: "UTC", inputFolder: folder.at("."), input: "week.csv", lookBackMs: 0 },
      ports: { grpc: 0, web: 0, admin: 0 },
      logger: createLogger({ name: "scheduler", level: "silent" }),
    }),
  );
  url = `http://127.0.0.1:${scheduler.addresses.grpc.port}`;
});
afterAll(() => running.disposeAsync());

const run = (...args: readonly string[]) =>
  runNode(CLI, { args: ["retrain", ...args], env: { ...PROCESS_ENV, SCHEDULER_SERVICE_URL: url } });

test("status before any retrain says why none is due", async () => {
  const { code, stdout } = await run("status");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^retrains of late: none is due: .*by_hand\n$/)]);
});

test("start waits for the end, and status and watch show it again", async () => {
  const started = await run("start", "--reason", "new plant", "--weeks", "2026-W01..2026-W12", "--watch");
  expect([started.code, started.stderr]).toEqual([0, ""]);
  expect(started.stdout).toContain("the retrain of 2026-W01 to 2026-W12 is in the queue (job retrain-1)");
  expect(started.stdout).toContain("retrain-1 published: v1, challenger; weeks 2026-W01 to 2026-W12");
  expect(started.stdout).toMatch(/because of .+: new plant\n {2}720 labelled rows, \d+ with the risk; AUC 0\.\d{4}/);
  expect((await run("status")).stdout).toContain("retrain-1 published: v1");
  const { code, stdout } = await run("watch", "--job", "retrain-1", "--json");
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { job_id: "retrain-1", state: "published", version: "v1", rows: 720 },
  ]);
});

test("a retrain that fails ends with exit code 1 and its reason", async () => {
  const { code, stdout, stderr } = await run(
    "start",
    "--reason",
    "x",
    "--weeks",
    "2025-W01..2025-W03",
    "--watch",
    "--json",
  );
  expect(code).toBe(1);
  expect(stderr).toContain("no complete week has a snapshot in this window");
  expect(JSON.parse(stdout)).toMatchObject({ state: "failed", version: "", auc: null });
});

test.each([
  [["start"], 2, "required option '--reason <text>' not specified"],
  [["start", "--reason", " "], 2, "a reason of 1 to 2,000 bytes"],
  [["start", "--reason", "x", "--weeks", "2026-W12..2026-W01"], 2, "expected the earlier week first"],
  [["cancel", "--job", "retrain-99", "--reason", "x"], 1, 'job "retrain-99" does not exist'],
  [["watch", "--job", "retrain-99"], 1, 'job "retrain-99" does not exist'],
])("retrain %j ends with %i", async (args, code, message) => {
  const ended = await run(...args);
  expect(ended.stderr).toContain(message);
  expect(ended.code).toBe(code);
});

test("cancel of a retrain that has ended says how it ended", async () => {
  const { code, stdout } = await run("cancel", "--job", "retrain-1", "--reason", "late");
  expect([code, stdout]).toEqual([0, "retrain-1 had ended: published\n"]);
});
