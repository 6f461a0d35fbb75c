import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { isoWeekAt } from "@bellwether/contract/iso-week";
import { RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { firstMessage, spawnScript } from "@bellwether/testing/node-process";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createSchedulerService } from "../src/service.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

let registry = "";
let ml: ServiceProcess;
beforeAll(async () => {
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-schedule-models-"));
  await publishDemoModel(registry);
  ml = await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
});
afterAll(async () => {
  await ml[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

const WEEK = "2026-W47";
/**
 * Lifetime of a job's lock. It is short, so that the job of a killed worker is taken over within a second or
 * two.
 */
const LOCK_MS = 1_000;

/** If expired locks were checked as rarely as the lock time, a takeover could take three times as long. */
const TAKEOVER_LOCK_MS = 9_000;

async function setUp(queueUrl: string, rows: number, cron = "0 6 * * 1", lockMs = LOCK_MS) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder());
  await writeFile(folder.at("week.csv"), weekCsv(rows, { broken: 3 }));
  const ledger = stack.use(await startLedger());
  const settings = {
    ...folder.settings,
    ports: { grpc: 0, web: 0, admin: 0 },
    mlUrl: ml.grpc,
    opsUrl: ledger.url,
    registryRoot: registry,
    defaultModel: "supplier-risk",
    queueUrl,
    cron,
    timeZone: "Europe/Berlin",
    inputFolder: folder.at("."),
    input: "week.csv",
    lockMs,
  };
  const start = async () => {
    const service = await createSchedulerService({
      ...settings,
      logger: createLogger({ name: "scheduler", level: "silent" }),
    });
    const baseUrl = `http://127.0.0.1:${service.addresses.grpc.port}`;
    return { service, client: createClient(ScheduleService, createGrpcTransport({ baseUrl })) };
  };
  const startProcess = async () => {
    const script = `
    const { createSchedulerService } = await import(${JSON.stringify(new URL("../src/service.ts", import.meta.url).href)});
    const { createLogger } = await import("@bellwether/telemetry/logger");
    const logger = createLogger({ name: "scheduler", level: "silent" });
    const service = await createSchedulerService({ ...${JSON.stringify(settings)}, logger });
    process.send(service.addresses.grpc.port);`;
    const started = spawnScript(script, { cwd: import.meta.dirname });
    const { child } = started;
    const port = await firstMessage<number>(started, "scheduler-service");
    const client = createClient(ScheduleService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
    return { child, client };
  };
  return { ledger, start, startProcess, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function codeOf(call: Promise<unknown>): Promise<Code> {
  return call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error: unknown) => ConnectError.from(error).code,
  );
}

/** Asserts that every state of a watched job names the week, and the run as soon as it has a stage. */
async function assertNamesRun(
  client: Awaited<ReturnType<Awaited<ReturnType<typeof setUp>>["start"]>>["client"],
  jobId: string,
): Promise<void> {
  let stages = 0;
  for await (const { isoWeek, runId, stage } of client.watchProgress({ jobId })) {
    expect({ isoWeek, runId }).toEqual({ isoWeek: WEEK, runId: stage === RunStage.UNSPECIFIED ? 0 : 1 });
    if (stage !== RunStage.UNSPECIFIED) stages++;
  }
  expect(stages).toBeGreaterThan(0);
}

async function lastStatus(
  client: Awaited<ReturnType<Awaited<ReturnType<typeof setUp>>["start"]>>["client"],
  jobId: string,
) {
  let last = null;
  for await (const status of client.watchProgress({ jobId })) last = status;
  return last;
}

/**
 * Asserts what a triggered run does, its repetition, the schedule after a restart, and calls with unknown
 * ids.
 */
async function assertService(queueUrl: string): Promise<void> {
  await using set = await setUp(queueUrl, 5_000);
  const first = await set.start();
  const { client } = first;
  const weekly = { scheduleId: "weekly" };
  try {
    const run = await client.triggerRun({ ...weekly, isoWeek: WEEK });
    expect(run).toMatchObject({ jobId: `weekly-${WEEK}`, isoWeek: WEEK, alreadyKnown: false });
    await assertNamesRun(client, run.jobId);
    expect(await lastStatus(client, run.jobId)).toMatchObject({
      state: RunState.COMPLETE,
      isoWeek: WEEK,
      runId: 1,
      rowsRead: 5_000n,
      rowsScored: 4_997n,
      rowsRejected: 3n,
    });
    expect(await client.triggerRun({ ...weekly, isoWeek: WEEK })).toMatchObject({ alreadyKnown: true });
    expect(await lastStatus(client, run.jobId)).toMatchObject({ wasComplete: true, isoWeek: WEEK, runId: 1 });
    expect(set.ledger.chunks.size).toBe(2);

    const { schedules } = await client.listSchedules({});
    expect(schedules).toMatchObject([{ ...weekly, cron: "0 6 * * 1", timeZone: "Europe/Berlin", paused: false }]);
    expect(Number(schedules[0]?.nextRunAt?.seconds) * 1000).toBeGreaterThan(Date.now());
    expect((await client.pauseSchedule(weekly)).schedule).toMatchObject({ paused: true });

    expect(await codeOf(client.triggerRun({ scheduleId: "daily" }))).toBe(Code.NotFound);
    expect(await codeOf(client.triggerRun({ ...weekly, isoWeek: "2025-W53" }))).toBe(Code.InvalidArgument);
    expect(await codeOf(client.triggerRun({ ...weekly, isoWeek: "2026-W01", input: "../x.csv" }))).toBe(Code.NotFound);
    expect(await codeOf(lastStatus(client, "nobody"))).toBe(Code.NotFound);
  } finally {
    await first.service.stop();
  }
  const second = await set.start();
  try {
    const [schedule] = (await second.client.listSchedules({})).schedules;
    expect(schedule).toMatchObject({ paused: true });
    expect(schedule?.nextRunAt).toBeUndefined();
    const { schedule: resumed } = await second.client.resumeSchedule(weekly);
    expect(resumed).toMatchObject({ paused: false, nextRunAt: { nanos: 0 } });
  } finally {
    await second.service.stop();
  }
}

/**
 * Restores the ledger to a time before a week that the queue and the week's folder record as complete, and
 * asserts that the week is run again.
 */
async function assertRestoredLedger(queueUrl: string): Promise<void> {
  await using set = await setUp(queueUrl, 5_000);
  const { service, client } = await set.start();
  try {
    for (let time = 0; time < 2; time++) {
      const { jobId, alreadyKnown } = await client.triggerRun({ scheduleId: "weekly", isoWeek: WEEK });
      expect(alreadyKnown).toBe(false);
      expect(await lastStatus(client, jobId)).toMatchObject({ state: RunState.COMPLETE, rowsScored: 4_997n });
      expect(set.ledger.run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 4_997n });
      set.ledger.restore();
    }
  } finally {
    await service.stop();
  }
}

/**
 * Kills one of two schedulers while it has the run. Asserts that the other one, which was running before,
 * takes the run over.
 */
async function assertTakeover(queueUrl: string): Promise<void> {
  await using set = await setUp(queueUrl, 9_000, "0 6 * * 1", TAKEOVER_LOCK_MS);
  const doomed = await set.startProcess();
  const { jobId } = await doomed.client.triggerRun({ scheduleId: "weekly", isoWeek: WEEK });
  let killedAt = 0;
  set.ledger.onSubmit = ({ chunk }) => {
    if (chunk !== 1 || killedAt > 0) return;
    doomed.child.kill("SIGKILL");
    killedAt = performance.now();
  };
  // The second scheduler is started only when the first scheduler has the run.
  await vi.waitFor(() => expect(set.ledger.holders).toHaveLength(1), { timeout: 20_000, interval: 5 });
  const { service, client } = await set.start();
  try {
    await vi.waitFor(() => expect(set.ledger.holders).toHaveLength(2), { timeout: 60_000, interval: 20 });
    const lookMs = TAKEOVER_LOCK_MS / 15;
    expect(performance.now() - killedAt).toBeLessThan(TAKEOVER_LOCK_MS + lookMs + 5_000);
    expect(await lastStatus(client, jobId)).toMatchObject({ state: RunState.COMPLETE, rowsRead: 9_000n });
  } finally {
    await service.stop();
  }
}

/** Kills a scheduler while it scores. Asserts that another one completes its run. */
async function assertRescue(queueUrl: string): Promise<void> {
  await using set = await setUp(queueUrl, 9_000);
  const { child, client: doomed } = await set.startProcess();
  const killed = once(child, "exit");
  set.ledger.onSubmit = ({ chunk }) => {
    if (chunk === 1) child.kill("SIGKILL");
  };
  const { jobId } = await doomed.triggerRun({ scheduleId: "weekly", isoWeek: WEEK });
  await killed;
  expect(set.ledger.run.state).toBe(RunState.RUNNING);

  const { service, client } = await set.start();
  try {
    expect(await lastStatus(client, jobId)).toMatchObject({ state: RunState.COMPLETE, rowsRead: 9_000n });
    const ids = [...set.ledger.chunks.values()].flatMap((chunk) => chunk.supplierIds);
    expect(new Set(ids).size).toBe(8_997);
    expect(ids).toHaveLength(8_997);
  } finally {
    await service.stop();
  }
}

/** Asserts that at the time of the schedule the current week is run on the configured file. */
async function assertTick(queueUrl: string): Promise<void> {
  const everySecond = "* * * * * *";
  await using set = await setUp(queueUrl, 100, everySecond);
  const { service } = await set.start();
  try {
    await vi.waitFor(() => expect(set.ledger.run).toMatchObject({ state: RunState.COMPLETE, rowsScored: 97n }), {
      timeout: 60_000,
    });
    expect(set.ledger.run.isoWeek).toBe(isoWeekAt(new Date(), "Europe/Berlin"));
  } finally {
    await service.stop();
  }
}

describe("with the jobs on Postgres", () => {
  let cluster: PostgresServer;
  beforeAll(async () => {
    cluster = await usePostgres();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  test("runs a week once, keeps the schedule, and names unknown ids", async () => {
    await assertService(await cluster.createDatabase());
  });
  test("the next scheduler completes the run of a killed one, with every supplier once", async () => {
    await assertRescue(await cluster.createDatabase());
  });
  test("runs the current week at the time of the schedule", async () => {
    await assertTick(await cluster.createDatabase());
  });
  test("runs a week again that a restored ledger does not have, although the queue has it as complete", async () => {
    await assertRestoredLedger(await cluster.createDatabase());
  });
  test("a second scheduler takes over the run of a killed one within lock time, check interval and 5 s", async () => {
    await assertTakeover(await cluster.createDatabase());
  }, 120_000);
});

describe.skipIf(!hasRedis())("with the jobs on Redis (skipped without redis-server)", () => {
  /** Each test has its own server, because Redis does not separate databases by name. */
  async function withRedis(assertWith: (url: string) => Promise<void>): Promise<void> {
    await using redis = await startRedis();
    await assertWith(redis.url);
  }
  test("runs a week once, keeps the schedule, and names unknown ids", () => withRedis(assertService));
  test("the next scheduler completes the run of a killed one, with every supplier once", () => withRedis(assertRescue));
  test("runs the current week at the time of the schedule", () => withRedis(assertTick));
  test("runs a week again that a restored ledger does not have, although the queue has it as complete", () =>
    withRedis(assertRestoredLedger));
});
