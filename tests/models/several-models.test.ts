import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { publishVersion } from "@bellwether/registry/publish/publish-version";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { trainRiskModel } from "@bellwether/risk-model/training/train-risk-model";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { runOnnx } from "@bellwether/scoring/runtime/onnx-session";
import { DEMO_SPEC, DEMO_TABLE, publishDemoModel } from "@bellwether/testing/demo-model";
import { runNode } from "@bellwether/testing/node-process";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { failedStart, PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { smallConfig, weekCsv } from "../../services/scheduler-service/test/weekly-fixture.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const CLI = path.resolve(import.meta.dirname, "../../services/cli/bellwether.js");
const WEEK = "2025-W10";
const DELIVERY = "delivery";
/** Alert rules with limits that every score of the demo data exceeds. */
const DELIVERY_RULES = `version: 1
cool_down_weeks: 0
score_threshold: { id: late-score, raise: 0, runs_to_raise: 1, critical: 1, clear: 0, runs_to_clear: 1 }
weekly_capacity: { id: late-capacity, suppliers: 0, min_lift: 1, keep_within: 0 }
`;

const running = new AsyncDisposableStack();
let folder = "";
let queueUrl = "";
let [ml, ops]: ServiceProcess[] = [];

const at = (...names: string[]): string => path.join(folder, ...names);

/** Publishes the demo model under another name, trained with another seed. */
async function publishDelivery(registry: string): Promise<void> {
  const [modelName, now] = [DELIVERY, new Date(0)];
  const configHash = "d".repeat(64);
  const spec = { ...DEMO_SPEC, name: modelName, seed: 7 };
  const trained = await trainRiskModel({ table: DEMO_TABLE, spec, configHash, runOnnx });
  const version = { ...trained, modelName, origin: "trained" as const, configHash, evaluation: null, now };
  const { version: name } = await publishVersion(registry, version, checkScoringModel);
  const alias = { modelName, alias: "champion" as const, version: name, setBy: "test", reason: "first", now };
  await setAlias(registry, alias, checkScoringModel);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-several-"));
  running.defer(() => rm(folder, { recursive: true, force: true }));
  await publishDemoModel(at("registry"));
  await publishDelivery(at("registry"));
  const numbers = DEMO_SPEC.features.flatMap(({ name, kind }) =>
    kind === "numeric" ? [[name, "units", 1_000] as const] : [],
  );
  const { model, mapping } = smallConfig({ numbers, hasText: true, exposure: "past_disputes * 100" });
  const policy = "version: 1\nretrain: { starts: by_hand }\n";
  await mkdir(at("models", DELIVERY), { recursive: true });
  await mkdir(at("none"));
  await mkdir(at("files"));
  for (const [name, text] of [
    ["model_config.yaml", model],
    ["feature_mapping.yaml", mapping],
    ["risk_policy.yaml", policy],
    ["models/delivery/model_config.yaml", model.replace("name: supplier-risk", `name: ${DELIVERY}`)],
    ["models/delivery/feature_mapping.yaml", mapping],
    ["models/delivery/risk_policy.yaml", policy],
    ["models/delivery/alert_rules.yaml", DELIVERY_RULES],
    [
      "models/delivery/schedule.yaml",
      'version: 1\ninput: late-{week}.csv\ncron: "0 7 * * 2"\ntime_zone: Europe/Berlin\n',
    ],
  ] as const)
    await writeFile(at(name), text);
  await writeFile(at("files/week.csv"), weekCsv(40));
  await writeFile(at(`files/late-${WEEK}.csv`), weekCsv(30));
  await writeFile(at("files/late-2025-W08.csv"), weekCsv(30, { delayBy: 1 }));
  await writeFile(at("files/late-2025-W05.csv"), weekCsv(20_000));
  const cluster = await usePostgres();
  queueUrl = await cluster.createDatabase();
  ml = running.use(await startService("ml-service", { MODEL_REGISTRY_URL: `file:${at("registry")}`, ...models() }));
  ops = running.use(
    await startService("ops-service", {
      ...{ DATABASE_URL: await cluster.createDatabase(), ML_SERVICE_URL: ml.grpc },
      ...{ BELLWETHER_MODEL_CONFIG: at("model_config.yaml"), BELLWETHER_RISK_POLICY: at("risk_policy.yaml") },
      ...models(),
    }),
  );
});
afterAll(() => running.disposeAsync());

const models = (name = "models") => ({ BELLWETHER_MODELS: at(name) });

const schedulerEnv = (name?: string) => ({
  ...{ ML_SERVICE_URL: ml?.grpc ?? "", OPS_SERVICE_URL: ops?.grpc ?? "", DATABASE_URL: queueUrl },
  ...{ BELLWETHER_MODEL_CONFIG: at("model_config.yaml"), BELLWETHER_FEATURE_MAPPING: at("feature_mapping.yaml") },
  ...{ BELLWETHER_RISK_POLICY: at("risk_policy.yaml"), MODEL_REGISTRY_URL: `file:${at("registry")}` },
  ...{ BELLWETHER_DATA_DIR: at("data"), WEEKLY_INPUT_FOLDER: at("files"), WEEKLY_INPUT: "week.csv" },
  ...{ WEEKLY_LOOK_BACK: "0s", WEEKLY_JOB_LOCK: "1s", ...models(name) },
});

async function startScheduler(name?: string) {
  const service = await startService("scheduler-service", schedulerEnv(name));
  const client = createClient(ScheduleService, createGrpcTransport({ baseUrl: service.grpc }));
  return { service, client, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}
type Client = Awaited<ReturnType<typeof startScheduler>>["client"];

/** Waits for the end of a job. Returns its last state, with why it failed. */
async function endOf(client: Client, jobId: string): Promise<readonly [RunState, string]> {
  let end: readonly [RunState, string] = [RunState.UNSPECIFIED, ""];
  for await (const { state, failure } of client.watchProgress({ jobId })) end = [state, failure];
  return end;
}

async function errorOf(call: Promise<unknown>): Promise<readonly [Code, string | undefined, string]> {
  const error = await call.then(
    () => new ConnectError("the call succeeded", Code.Unknown),
    (caught: unknown) => ConnectError.from(caught),
  );
  return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason, error.rawMessage];
}

const scheduleId = "weekly";
const opsTransport = () => createGrpcTransport({ baseUrl: ops?.grpc ?? "" });

test("two models have schedules, runs, alerts, pauses and retrains apart, also after a restart", async () => {
  await using first = await startScheduler();
  const { client } = first;
  const { schedules } = await client.listSchedules({});
  expect(schedules.map((one) => [one.scheduleId, one.modelName, one.cron, one.timeZone])).toEqual([
    ["weekly", "supplier-risk", "0 6 * * 1", "UTC"],
    ["weekly", "delivery", "0 7 * * 2", "Europe/Berlin"],
  ]);

  // Both weeks at the same time.
  const own = await client.triggerRun({ scheduleId, isoWeek: WEEK });
  const other = await client.triggerRun({ scheduleId, modelName: DELIVERY, isoWeek: WEEK });
  expect([own.jobId, other.jobId]).toEqual([`weekly-${WEEK}`, `weekly.delivery-${WEEK}`]);
  const ends = await Promise.all([endOf(client, own.jobId), endOf(client, other.jobId)]);
  expect(ends).toEqual([
    [RunState.COMPLETE, ""],
    [RunState.COMPLETE, ""],
  ]);
  const batch = createClient(BatchService, opsTransport());
  const runs = await Promise.all(
    ["supplier-risk", DELIVERY].map(async (modelName) => (await batch.getRun({ isoWeek: WEEK, modelName })).run),
  );
  expect(runs.map((run) => [run?.model?.name, Number(run?.rowsScored)])).toEqual([
    ["supplier-risk", 40],
    ["delivery", 30],
  ]);
  expect(runs[0]?.ruleSets[0]?.hash).not.toBe(runs[1]?.ruleSets[0]?.hash);
  const alerts = createClient(AlertService, opsTransport());
  const rulesOf = async (modelName: string) =>
    new Set((await alerts.listAlerts({ modelName, pageSize: 100 })).alerts.map(({ ruleId }) => ruleId));
  expect(await rulesOf(DELIVERY)).toEqual(new Set(["late-score"]));
  expect((await rulesOf("supplier-risk")).has("late-score")).toBe(false);

  // A pause of one schedule is not one of the other, and outlives a restart.
  const paused = await client.pauseSchedule({ scheduleId, modelName: DELIVERY });
  expect(paused.schedule).toMatchObject({ modelName: DELIVERY, paused: true });
  const stateOf = async (scheduler: Client) =>
    (await scheduler.listSchedules({})).schedules.map((one) => [one.paused, one.nextRunAt !== undefined]);
  expect(await stateOf(client)).toEqual([
    [false, true],
    [true, false],
  ]);
  expect(JSON.parse(await readFile(at("data/weeks/schedule.json"), "utf8"))).toMatchObject({ paused: false });
  expect(JSON.parse(await readFile(at("data/weeks/delivery/schedule.json"), "utf8"))).toMatchObject({ paused: true });

  // A retrain of one model: the other one has none.
  const window = { fromWeek: WEEK, toWeek: WEEK, reason: "no outcomes yet" };
  const retrain = await client.triggerRetrain({ ...window, modelName: DELIVERY });
  expect(retrain.jobId).toBe("retrain.delivery-1");
  expect((await endOf(client, retrain.jobId))[0]).toBe(RunState.FAILED);
  const retrainsOf = async (modelName: string) => {
    const found = await client.getRetrain({ modelName });
    return [found.modelName, ...found.retrains.map(({ jobId }) => jobId)];
  };
  expect(await retrainsOf("")).toEqual(["supplier-risk"]);
  expect(await retrainsOf(DELIVERY)).toEqual(["delivery", "retrain.delivery-1"]);

  await first.service.stop();
  await using second = await startScheduler();
  expect(await stateOf(second.client)).toEqual([
    [false, true],
    [true, false],
  ]);
  expect((await second.client.resumeSchedule({ scheduleId, modelName: DELIVERY })).schedule?.paused).toBe(false);
});

test("the commands of one model have --model, and change nothing of the other one", async () => {
  await using scheduler = await startScheduler();
  const run = (...args: readonly string[]) =>
    runNode(CLI, {
      args,
      env: {
        ...{ ...PROCESS_ENV, ...schedulerEnv(), WEEKLY_INPUT: "", DATABASE_URL: "", BELLWETHER_DATA_DIR: at("cli") },
        ...{ SCHEDULER_SERVICE_URL: scheduler.service.grpc, OPS_SERVICE_URL: ops?.grpc ?? "" },
      },
      timeoutMs: 60_000,
    });
  expect((await run("weekly", "pause", "--model", DELIVERY)).stdout).toBe("the schedule of delivery is paused\n");
  const status = (await run("weekly", "status")).stdout;
  expect(status).toMatch(/^supplier-risk: next run: \d{4}-/m);
  expect(status).toMatch(
    /^delivery: next run: none, the schedule is paused \(npx bellwether weekly resume --model delivery\)/m,
  );
  expect((await run("weekly", "status", "--model", DELIVERY)).stdout).not.toContain("supplier-risk");
  expect((await run("weekly", "resume", "--model", DELIVERY)).stdout).toContain("the schedule of delivery is active");
  expect((await run("retrain", "status", "--model", DELIVERY)).stdout).toContain("retrains of delivery");
  expect((await run("rules", "list")).stdout).toMatch(/^supplier-risk default: .*\ndelivery default: /);
  const late = await run(
    "weekly",
    "run",
    "--model",
    DELIVERY,
    "--week",
    "2025-W08",
    "--input",
    at("files/late-2025-W08.csv"),
  );
  expect([late.code, late.stderr]).toEqual([0, ""]);
  expect(late.stdout).toContain("30 rows read = 30 scored + 0 rejected, model delivery v1");
  const watched = await run("weekly", "watch", "--model", "supplier-risk", "--week", WEEK);
  // On a busy machine, the queue can give the job to a worker twice; the second attempt finds the week complete.
  expect(watched.stdout).toMatch(new RegExp(`${WEEK}: (complete already; )?40 rows read`));
  const twice = ["--week", "2025-W07", "--input", at("files/late-2025-W08.csv")];
  const held = await run("weekly", "run", "--model", DELIVERY, ...twice);
  expect(held.stderr).toContain(
    "Publish it (npx bellwether weekly approve --week 2025-W07 --model delivery --reason TEXT), withdraw",
  );
  for (const [args, message] of [
    [["weekly", "pause", "--model", "deliver"], 'no model "deliver"; it has: supplier-risk, delivery'],
    [
      ["weekly", "run", "--model", "deliver", "--week", WEEK, "--input", "x"],
      "has no folder with this name; it has: delivery",
    ],
    [
      ["weekly", "run", "--model", DELIVERY, "--config", "x", "--week", WEEK, "--input", "x"],
      "leave --config and --mapping out",
    ],
    [["weekly", "watch", "--model", DELIVERY, "--job", "x"], "--model is for --week"],
  ] as const) {
    const ended = await run(...args);
    expect(ended.stderr).toContain(message);
    expect(ended.code).toBeGreaterThan(0);
  }
});

test("an unknown model is NOT_FOUND with the known ones, also of a job", async () => {
  await using scheduler = await startScheduler();
  const { client } = scheduler;
  const unknown = { scheduleId, modelName: "deliver" };
  for (const call of [
    client.triggerRun(unknown),
    client.pauseSchedule(unknown),
    client.resumeSchedule(unknown),
    client.triggerRetrain({ ...unknown, reason: "x" }),
    client.getRetrain(unknown),
  ])
    expect(await errorOf(call)).toEqual([
      ...[Code.NotFound, "MODEL_NOT_CONFIGURED"],
      'this scheduler has no model "deliver"; it has: supplier-risk, delivery',
    ]);
  for (const jobId of [`weekly.deliver-${WEEK}`, "retrain.deliver-1"])
    expect((await errorOf(endOf(client, jobId))).slice(0, 2)).toEqual([Code.NotFound, "MODEL_NOT_CONFIGURED"]);
  expect((await errorOf(endOf(client, "weekly.delivery-2025-W01")))[1]).toBe("JOB_NOT_FOUND");
  expect((await errorOf(client.pauseSchedule({ scheduleId: "weekly.delivery" })))[1]).toBe("SCHEDULE_NOT_FOUND");
});

test("jobs of a model that is not configured any more wait until it is configured again", async () => {
  // Before the other week, so that the number of its rows is not compared.
  const isoWeek = "2025-W05";
  await using killed = await startScheduler();
  const { jobId } = await killed.client.triggerRun({ scheduleId, modelName: DELIVERY, isoWeek });
  await killed.service.kill();
  {
    await using without = await startScheduler("none");
    expect((await errorOf(endOf(without.client, jobId))).slice(0, 2)).toEqual([Code.NotFound, "MODEL_NOT_CONFIGURED"]);
    const ready = await fetch(`${without.service.admin}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      200,
      expect.stringContaining(
        "delivery: not configured any more; 1 run and 0 retrains wait in its queues until it is configured again",
      ),
    ]);
    const { schedules } = await without.client.listSchedules({});
    expect(schedules.map(({ modelName }) => modelName)).toEqual(["supplier-risk"]);
  }
  await using again = await startScheduler();
  expect(await endOf(again.client, jobId)).toEqual([RunState.COMPLETE, ""]);
});

test("both services name the missing file of a folder, and do not start", async () => {
  await mkdir(at("half/delivery"), { recursive: true });
  await writeFile(at("half/delivery/model_config.yaml"), "version: 1\n");
  for (const [name, env] of [
    ["scheduler-service", schedulerEnv("half")],
    ["ops-service", { BELLWETHER_MODEL_CONFIG: at("model_config.yaml"), ...models("half") }],
  ] as const) {
    const { code, lines } = await failedStart(name, env);
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain(`${at("half/delivery/schedule.yaml")}:1:1 found no file at this path`);
    expect(lines.join("\n")).toContain("4 violation(s)");
  }
});
