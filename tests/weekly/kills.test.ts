import { once } from "node:events";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { closeGate } from "./gate.ts";
import { createWeek, endOf, startMesh, trigger, type WeeklyMesh } from "./harness.ts";

// Each test starts two or three processes, and waits seconds for locks and retries.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** Time for the start of a second scheduler on a busy machine. */
const TAKE_OVER_MS = 120_000;

let mesh: WeeklyMesh;
/** Digest of the scores of a week that ran without a disturbance. */
let undisturbed = "";

beforeAll(async () => {
  mesh = await startMesh();
  await using week = await createWeek(mesh, 10);
  expect((await week.runOnce()).code).toBe(0);
  undisturbed = await week.assertComplete();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

// Each test uses a later week: a week that completes after a later one does not change alerts.
const onPostgres = async () => ({ DATABASE_URL: await mesh.cluster.createDatabase() });

async function assertSchedulerKill(weekNumber: number, queue: Readonly<Record<string, string>>): Promise<void> {
  await using week = await createWeek(mesh, weekNumber);
  await using gate = await closeGate(mesh.databaseUrl, "secondChunk");
  const doomed = await week.startScheduler(queue);
  const jobId = await trigger(doomed, week);
  await gate.reached();
  await doomed.kill();
  await gate.open();
  await using next = await week.startScheduler(queue);
  expect(await endOf(next, jobId)).toBe(RunState.COMPLETE);
  expect(await week.assertComplete()).toBe(undisturbed);
}

test("when a scheduler with its jobs on Postgres is killed during scoring, the next one completes the week", async () => {
  await assertSchedulerKill(11, await onPostgres());
});

describe.skipIf(!hasRedis())("with the jobs on Redis (skipped where there is no redis-server)", () => {
  test("when a scheduler is killed during scoring, the next one completes the week", async () => {
    await using redis = await startRedis();
    await assertSchedulerKill(12, { REDIS_URL: redis.url });
  });

  test("when Redis is killed as soon as the scheduler serves, the week runs after Redis is back", async () => {
    await using redis = await startRedis();
    await using week = await createWeek(mesh, 13);
    await using scheduler = await week.startScheduler({ REDIS_URL: redis.url });
    await redis.restart();
    expect(await endOf(scheduler, await trigger(scheduler, week))).toBe(RunState.COMPLETE);
    expect(await week.assertComplete()).toBe(undisturbed);
  });
});

test("when ops-service is killed during SubmitChunk, the job retries and completes the week", async () => {
  await using week = await createWeek(mesh, 14);
  await using gate = await closeGate(mesh.databaseUrl, "secondChunk");
  await using scheduler = await week.startScheduler(await onPostgres());
  const jobId = await trigger(scheduler, week);
  await gate.reached();
  await mesh.ops.now.kill();
  await gate.open();
  await mesh.ops.restart();
  expect(await endOf(scheduler, jobId)).toBe(RunState.COMPLETE);
  expect(await week.assertComplete()).toBe(undisturbed);
});

test.each([
  ["between the last chunk and the completion", 15, "afterChunks"],
  ["during the completion, after alerts were raised", 16, "complete"],
] as const)(
  "when ops-service is killed %s, the command reports it in one line, and the same command completes the week",
  async (_when, number, place) => {
    await using week = await createWeek(mesh, number);
    await using gate = await closeGate(mesh.databaseUrl, place);
    const cut = week.runOnce(undefined, { WEEKLY_RETRY: "4s" });
    await gate.reached();
    await mesh.ops.now.kill();
    const { code, line } = await cut;
    expect(code).toBe(1);
    expect(line).toMatch(
      /^ops-service does not answer \(.*\); run the command again later, and the run continues where it stopped$/,
    );
    await gate.open();
    await mesh.ops.restart();
    expect((await week.runOnce()).code).toBe(0);
    expect(await week.assertComplete()).toBe(undisturbed);
  },
);

test("when ml-service is killed during a batch, the job retries and completes the week", async () => {
  await using week = await createWeek(mesh, 17);
  const gate = await closeGate(mesh.databaseUrl, "secondChunk");
  await using scheduler = await week.startScheduler(await onPostgres());
  const jobId = await trigger(scheduler, week);
  await gate.reached();
  // One chunk waits at the gate, so a piece of more than 1,000 bytes to ml-service belongs to a batch.
  const killed = once(mesh.ml.now.process, "exit");
  mesh.ml.onBytes = (bytes) => {
    if (bytes > 1_000) mesh.ml.now.process.kill("SIGKILL");
  };
  await gate[Symbol.asyncDispose]();
  await killed;
  mesh.ml.onBytes = () => {};
  await mesh.ml.restart();
  expect(await endOf(scheduler, jobId)).toBe(RunState.COMPLETE);
  expect(await week.assertComplete()).toBe(undisturbed);
});

test("when ops-service loses its database connections during SubmitChunk, the same process completes the week", async () => {
  await using week = await createWeek(mesh, 18);
  await using gate = await closeGate(mesh.databaseUrl, "secondChunk");
  await using scheduler = await week.startScheduler(await onPostgres());
  const jobId = await trigger(scheduler, week);
  await gate.reached();
  const { pid } = mesh.ops.now.process;
  await gate.cutConnections();
  await gate.open();
  expect(await endOf(scheduler, jobId)).toBe(RunState.COMPLETE);
  expect(await week.assertComplete()).toBe(undisturbed);
  expect([mesh.ops.now.process.pid, mesh.ops.now.process.exitCode]).toEqual([pid, null]);
});

test("of two schedulers with the same week the second takes it over, and the first waits for its result", async () => {
  await using week = await createWeek(mesh, 19);
  await using gate = await closeGate(mesh.databaseUrl, "secondChunk");
  const first = week.runOnce("one");
  await gate.reached();
  // The first scheduler is stopped in the middle of a chunk, like its machine, until the second one has the week.
  const holder = await gate.holder();
  const pid = Number(holder.split("/")[1]);
  process.kill(pid, "SIGSTOP");
  const second = week.runOnce("two");
  try {
    await gate.open();
    await vi.waitFor(async () => expect(await gate.holder()).not.toBe(holder), { timeout: TAKE_OVER_MS });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const { code, line } = await first;
  expect([code, JSON.parse(line)]).toMatchObject([0, { was_complete: true }]);
  expect((await second).code).toBe(0);
  expect(await week.assertComplete("two")).toBe(undisturbed);
});

test("a run of 1,000 rows a chunk continues with them under a setting of 2,000, and its repetition changes nothing", async () => {
  await using week = await createWeek(mesh, 20);
  await using gate = await closeGate(mesh.databaseUrl, "secondChunk");
  const queue = await onPostgres();
  const doomed = await week.startScheduler({ ...queue, WEEKLY_CHUNK_ROWS: "1000" });
  const jobId = await trigger(doomed, week);
  await gate.reached();
  await doomed.kill();
  await gate.open();
  {
    await using next = await week.startScheduler({ ...queue, WEEKLY_CHUNK_ROWS: "2000" });
    expect(await endOf(next, jobId)).toBe(RunState.COMPLETE);
  }
  expect(await week.assertComplete("a machine", 1_000)).toBe(undisturbed);

  const { code, line } = await week.runOnce("a machine", { WEEKLY_CHUNK_ROWS: "3000" });
  expect([code, JSON.parse(line)]).toMatchObject([0, { was_complete: true }]);
  expect(await week.assertComplete("a machine", 1_000)).toBe(undisturbed);
});
