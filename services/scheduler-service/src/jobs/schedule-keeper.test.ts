import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { openQueue } from "@bellwether/queue/open-queue";
import { createLogger } from "@bellwether/telemetry/logger";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import { openPauseFile } from "../store/pause-file.ts";
import { startScheduleKeeper } from "./schedule-keeper.ts";
import type { WeeklyJob, WeeklyQueue } from "./weekly-queue.ts";

const NEVER_MS = 3_600_000;
const PRESENT = new Date("2026-11-25T12:00:00Z");

async function setUp(url: string, file?: string, cron = "0 6 * * 1") {
  const stack = new AsyncDisposableStack();
  const queues = stack.use(await openQueue(url));
  const queue: WeeklyQueue = queues.queue<WeeklyJob, null>("weekly");
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-keeper-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const reasons: (string | null)[] = [];
  const lines: (readonly [level: string, text: string])[] = [];
  const log = (level: string) => (_fields: object, text: string) => void lines.push([level, text]);
  let present = PRESENT;
  const pauseFile = file ?? path.join(folder, "schedule.json");
  const start = async () =>
    stack.use(
      await startScheduleKeeper({
        queue,
        cron,
        timeZone: "Europe/Berlin",
        pauseFile: openPauseFile(pauseFile),
        logger: Object.assign(createLogger({ name: "keeper", level: "silent" }), {
          info: log("info"),
          warn: log("warn"),
        }),
        now: () => present,
        everyMs: NEVER_MS,
        report: (reason) => reasons.push(reason),
      }),
    );
  return {
    queue,
    start,
    pauseFile,
    reasons,
    lines,
    goTo: (time: Date) => {
      present = time;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type DeleteJob = (jobId: string) => Promise<unknown>;

/**
 * Deletes the schedule, its next job, or everything. BullMQ does not delete the job of a schedule, so the job
 * is deleted in the store.
 */
const LOSSES: Readonly<Record<string, (queue: WeeklyQueue, jobId: string, remove: DeleteJob) => Promise<unknown>>> = {
  "the schedule": (queue) => queue.removeJobScheduler("weekly"),
  "the next job": async (queue, jobId, remove) => {
    await remove(jobId);
    expect(await queue.getJob(jobId)).toBeUndefined();
  },
  everything: (queue) => queue.obliterate({ force: true }),
};

async function assertWrittenAgain(url: string, remove: DeleteJob): Promise<void> {
  for (const [what, lose] of Object.entries(LOSSES)) {
    for (const paused of [false, true]) {
      await using set = await setUp(url);
      const { queue } = set;
      const keeper = await set.start();
      const { nextRunMs } = await keeper.setPaused(false);
      expect(set.lines, "a first start repairs nothing").toEqual([["info", "schedule written"]]);
      if (paused) await keeper.setPaused(true);
      await lose(queue, `repeat:weekly:${nextRunMs}`, remove);
      keeper.nudge();
      await vi.waitFor(
        async () => {
          expect(await keeper.state(), what).toMatchObject({ paused, nextRunMs: paused ? null : nextRunMs });
          const job = await queue.getJob(`repeat:weekly:${nextRunMs}`);
          expect(await job?.getState(), what).toBe("delayed");
          expect(job?.data, what).toMatchObject({ kind: "tick", paused });
        },
        { timeout: 10_000 },
      );
      expect(set.reasons.at(-1)).toBeNull();
      expect(set.lines.at(-1)).toEqual(["warn", "schedule written again"]);
      await queue.obliterate({ force: true });
    }
  }
}

test("on Postgres: a deleted schedule, next job or queue is written again, with the same pause", async () => {
  await using cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  const admin = await openPostgres(url, { max: 1 });
  onTestFinished(() => admin.close());
  await assertWrittenAgain(url, (id) => admin.query("delete from bullmq.job where id = $1", [id]));
}, 60_000);

test.skipIf(!hasRedis())(
  "on Redis: a deleted schedule, next job or queue is written again, with the same pause (skipped without redis-server)",
  async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    await assertWrittenAgain(redis.url, async (id) => {
      expect(await admin.del(`{bellwether}:weekly:${id}`)).toBe(1);
      expect(await admin.zrem("{bellwether}:weekly:delayed", id)).toBe(1);
    });
  },
  60_000,
);

test("a run that was due while the schedule was missing is started afterwards, unless the schedule is paused", async () => {
  await using cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  for (const paused of [false, true]) {
    await using set = await setUp(url);
    const keeper = await set.start();
    const { nextRunMs } = await keeper.setPaused(paused);
    await set.queue.obliterate({ force: true });
    set.goTo(new Date((nextRunMs ?? Date.now()) + 1_000));
    keeper.nudge();
    await vi.waitFor(async () => expect(await set.queue.getJobScheduler("weekly")).toBeDefined(), { timeout: 10_000 });
    await vi.waitFor(async () => expect(await set.queue.getWaitingCount()).toBe(paused ? 0 : 1), { timeout: 10_000 });
    await set.queue.obliterate({ force: true });
  }
}, 60_000);

test("the pause outlives a store that was emptied while no scheduler ran, and the later of two pause states is valid", async () => {
  await using cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  await using first = await setUp(url);
  const keeper = await first.start();
  await keeper.setPaused(true);
  await keeper[Symbol.asyncDispose]();
  await first.queue.obliterate({ force: true });
  await using second = await setUp(url, first.pauseFile);
  const again = await second.start();
  expect(await again.state()).toMatchObject({ paused: true, nextRunMs: null });
  // Another machine, whose file is older than the state in the store.
  await using other = await setUp(url);
  await writeFile(other.pauseFile, JSON.stringify({ paused: false, changedMs: 1 }));
  expect(await (await other.start()).state()).toMatchObject({ paused: true });
}, 60_000);

test("the beginning and the pauses of the schedule outlive an emptied store and a lost file, and are read anew", async () => {
  await using cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  await using set = await setUp(url);
  const keeper = await set.start();
  const [sinceMs, minute] = [PRESENT.getTime(), 60_000];
  expect(await keeper.times()).toEqual({ sinceMs, pauses: [], paused: false });
  set.goTo(new Date(sinceMs + minute));
  await keeper.setPaused(true);
  // Another process resumes the schedule.
  await using other = await setUp(url);
  other.goTo(new Date(sinceMs + 2 * minute));
  await (await other.start()).setPaused(false);
  const times = { sinceMs, pauses: [{ fromMs: sinceMs + minute, toMs: sinceMs + 2 * minute }], paused: false };
  expect(await keeper.times()).toEqual(times);
  keeper.nudge();
  await vi.waitFor(async () => expect(await readFile(set.pauseFile, "utf8")).toContain('"paused":false'), {
    timeout: 10_000,
  });
  await set.queue.obliterate({ force: true });
  expect(await keeper.times()).toEqual(times);
  keeper.nudge();
  await vi.waitFor(async () => expect(await set.queue.getJobScheduler("weekly")).toBeDefined(), { timeout: 10_000 });
  await rm(set.pauseFile);
  expect(await keeper.times()).toEqual(times);
}, 60_000);

test("a cron pattern that matches no time leaves the service not ready, with the reason", async () => {
  await using cluster = await startPostgresCluster();
  await using set = await setUp(await cluster.createDatabase(), undefined, "0 6 30 2 *");
  const outcome = await set.start().then(
    () => set.reasons.at(-1),
    (error: Error) => error.message,
  );
  expect(outcome).toMatch(/^the weekly schedule has no next run$|^the cron pattern "0 6 30 2 \*" cannot be used: /);
}, 60_000);

test("an invalid pause file is named, and the service does not start", async () => {
  await using cluster = await startPostgresCluster();
  await using set = await setUp(await cluster.createDatabase());
  for (const text of ["", "{", '{"paused":"yes","changedMs":1}', "null"]) {
    await writeFile(set.pauseFile, text);
    await expect(set.start()).rejects.toThrow(`${set.pauseFile} is not {"paused": true or false, "changedMs": number}`);
  }
}, 60_000);
