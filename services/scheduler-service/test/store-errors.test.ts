import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { openQueue } from "@bellwether/queue/open-queue";
import { createLogger } from "@bellwether/telemetry/logger";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { WeeklyJob } from "../src/jobs/weekly-queue.ts";
import { createSchedulerService } from "../src/service.ts";
import { startLedger } from "./ledger-fixture.ts";
import { weekCsv, weeklyFolder } from "./weekly-fixture.ts";

// The tests wait for outages: seconds each on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const WEEK = "2026-W47";
const within = (condition: () => Promise<void>) => vi.waitFor(condition, { timeout: 30_000, interval: 50 });

/**
 * Starts a scheduler without an ml-service: a run that has begun waits at its start, which the ledger has
 * recorded.
 */
async function setUp(queueUrl: string) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await weeklyFolder());
  await writeFile(folder.at("week.csv"), weekCsv(20));
  const ledger = stack.use(await startLedger());
  const registryRoot = await mkdtemp(path.join(os.tmpdir(), "bellwether-store-faults-"));
  onTestFinished(() => rm(registryRoot, { recursive: true, force: true }));
  const start = async () => {
    const service = await createSchedulerService({
      ...folder.settings,
      ports: { grpc: 0, web: 0, admin: 0 },
      mlUrl: "http://127.0.0.1:1",
      opsUrl: ledger.url,
      registryRoot,
      defaultModel: "supplier-risk",
      queueUrl,
      cron: "0 6 * * 1",
      timeZone: "UTC",
      inputFolder: folder.at("."),
      input: "week.csv",
      lockMs: 1_000,
      scheduleCheckMs: 200,
      logger: createLogger({ name: "scheduler", level: "silent" }),
    });
    stack.use(service);
    const { grpc, admin } = service.addresses;
    const client = createClient(ScheduleService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpc.port}` }));
    const readyz = async () => {
      const answer = await fetch(`http://127.0.0.1:${admin.port}/readyz`);
      // The second line has facts about the weeks.
      return `${answer.status} ${(await answer.text()).split("\n", 1)[0]}`;
    };
    const schedule = async () => (await client.listSchedules({})).schedules[0];
    const trigger = (isoWeek = WEEK) => client.triggerRun({ scheduleId: "weekly", isoWeek });
    return { service, client, readyz, schedule, trigger };
  };
  return { ledger, start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const codeOf = (call: Promise<unknown>): Promise<Code | null> =>
  call.then(
    () => null,
    (error: unknown) => ConnectError.from(error).code,
  );

/** A store that a test can freeze and continue. */
interface Store {
  readonly url: string;
  readonly stop: () => Promise<void> | void;
  readonly goOn: () => Promise<void> | void;
}

/**
 * Asserts that a request which is rejected during an outage is not run afterwards, and that a request after
 * the outage is run.
 */
async function assertNeverBoth({ url, stop, goOn }: Store): Promise<void> {
  await using set = await setUp(url);
  const { trigger, readyz, client } = await set.start();
  expect(await readyz()).toBe("200 ok");
  await stop();
  // Two requests: at the beginning of the outage, and when the service has noticed it.
  const early = await codeOf(trigger());
  await within(async () => expect(await readyz()).toBe("503 not serving: the store of the jobs does not answer"));
  const late = await codeOf(trigger());
  expect([early, late]).toEqual([Code.Unavailable, Code.Unavailable]);
  await goOn();
  await within(async () => expect(await readyz()).toBe("200 ok"));
  // A run of another week comes after all queued jobs, because one worker takes one job after the other.
  const next = await trigger("2026-W46");
  expect(next).toMatchObject({ alreadyKnown: false });
  await within(async () => expect(set.ledger.run).toMatchObject({ isoWeek: "2026-W46", runId: 1 }));
  expect(set.ledger.startedWeeks).toEqual(new Set(["2026-W46"]));
  await within(async () => expect(await endOf(client, `weekly-${WEEK}`)).toMatch(/^(none|failed)$/));
  expect(set.ledger.startedWeeks).toEqual(new Set(["2026-W46"]));
}

/** Returns the state of a job: "none" when the queue does not have it. */
async function endOf(client: Client<typeof ScheduleService>, jobId: string): Promise<string> {
  try {
    for await (const { state } of client.watchProgress({ jobId })) return state === RunState.FAILED ? "failed" : "open";
  } catch (error) {
    if (ConnectError.from(error).code === Code.NotFound) return "none";
    throw error;
  }
  return "over";
}

/**
 * Asserts that a job which is complete in the queue does not prevent a run of a week that the ledger does not
 * have.
 */
async function assertLedgerDecides(url: string): Promise<void> {
  {
    await using queues = await openQueue(url);
    const queue = queues.queue<WeeklyJob, null>("weekly");
    for (const week of [WEEK, "2026-W46"])
      await queue.add("run", { kind: "run", week, input: "week.csv" }, { jobId: `weekly-${week}` });
    let done = 0;
    queues.worker("weekly", async (job) => {
      done++;
      if (job.id === "weekly-2026-W46") throw new Error("failed");
      return null;
    });
    await within(async () => expect(done).toBe(2));
    await within(async () =>
      expect(await queue.getJobCounts("completed", "failed")).toEqual({ completed: 1, failed: 1 }),
    );
  }
  await using set = await setUp(url);
  const { trigger } = await set.start();
  for (const week of [WEEK, "2026-W46"]) {
    expect(await trigger(week)).toMatchObject({ alreadyKnown: false });
    await within(async () => expect(set.ledger.startedWeeks).toContain(week));
  }
}

describe("with the jobs on Postgres", () => {
  test("a trigger while Postgres is frozen is rejected and never run", async () => {
    await using cluster = await startPostgresCluster();
    const signal = (name: "STOP" | "CONT") => () => cluster.signal(name);
    await assertNeverBoth({ url: await cluster.createDatabase(), stop: signal("STOP"), goOn: signal("CONT") });
  });

  test("a week that is complete in the queue but not in the ledger is run", async () => {
    await using cluster = await startPostgresCluster();
    await assertLedgerDecides(await cluster.createDatabase());
  });
});

describe.skipIf(!hasRedis())("with the jobs on Redis (skipped without redis-server)", () => {
  test("a trigger while Redis is frozen is rejected and never run", async () => {
    await using redis = await startRedis();
    await assertNeverBoth({ url: redis.url, stop: redis.freeze, goOn: redis.thaw });
  });

  test("a trigger while Redis is killed is rejected and never run", async () => {
    await using redis = await startRedis();
    await assertNeverBoth({ url: redis.url, stop: redis.kill, goOn: redis.restart });
  });

  test("a week that is complete in the queue but not in the ledger is run", async () => {
    await using redis = await startRedis();
    await assertLedgerDecides(redis.url);
  });

  test("after Redis was emptied, the schedule is written again with its pause", async () => {
    await using redis = await startRedis();
    await using set = await setUp(redis.url);
    const { schedule, client } = await set.start();
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    const before = await schedule();
    expect(before?.nextRunAt).toBeDefined();
    await admin.flushall();
    await within(async () => expect(await schedule()).toEqual(before));
    await client.pauseSchedule({ scheduleId: "weekly" });
    await admin.flushall();
    await within(async () => expect(await schedule()).toMatchObject({ paused: true }));
  });

  test("a Redis that becomes the replica of an empty primary makes the service not ready; afterwards the schedule is written again", async () => {
    await using primary = await startRedis();
    await using redis = await startRedis();
    await using set = await setUp(redis.url);
    const { schedule, readyz, trigger } = await set.start();
    const before = await schedule();
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    await admin.replicaof("127.0.0.1", Number(new URL(primary.url).port));
    const readOnly = "503 not serving: the store of the jobs is a read-only replica (READONLY)";
    await within(async () => expect(await readyz()).toContain(readOnly));
    expect(await codeOf(trigger())).toBe(Code.Unavailable);
    await within(async () => expect(await admin.keys("*")).toEqual([]));
    await admin.replicaof("NO", "ONE");
    await within(async () => expect(await readyz()).toBe("200 ok"));
    await within(async () => expect(await schedule()).toEqual(before));
    expect(set.ledger.startedWeeks.size).toBe(0);
  });
});
