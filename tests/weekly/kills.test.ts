import { once } from "node:events";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { closeGate } from "./gate.ts";
import { createWeek, endOf, startMesh, trigger, type WeeklyMesh } from "./harness.ts";

// Each test starts two or three processes, and waits for locks and retries of seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let mesh: WeeklyMesh;
/** Digest of the scores of a week that nothing happened to. */
let undisturbed = "";

beforeAll(async () => {
  mesh = await startMesh();
  await using week = await createWeek(mesh, 10);
  expect((await week.runOnce()).code).toBe(0);
  undisturbed = await week.assertComplete();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

// The weeks rise from test to test: one that completes after a later one leaves alerts alone.
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

test("a scheduler killed in the middle of scoring, its jobs on Postgres: the next one ends the week", async () => {
  await assertSchedulerKill(11, await onPostgres());
});

describe.skipIf(!hasRedis())("with the jobs on Redis (skipped where there is no redis-server)", () => {
  test("a scheduler killed in the middle of scoring: the next one ends the week", async () => {
    await using redis = await startRedis();
    await assertSchedulerKill(12, { REDIS_URL: redis.url });
  });

  test("a Redis killed as soon as the scheduler serves: the week is run when it is back", async () => {
    await using redis = await startRedis();
    await using week = await createWeek(mesh, 13);
    await using scheduler = await week.startScheduler({ REDIS_URL: redis.url });
    await redis.restart();
    expect(await endOf(scheduler, await trigger(scheduler, week))).toBe(RunState.COMPLETE);
    expect(await week.assertComplete()).toBe(undisturbed);
  });
});

test("ops-service killed in the middle of SubmitChunk: the job tries again and ends the week", async () => {
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
  ["in the middle of the completion, alerts raised", 16, "complete"],
] as const)("ops-service killed %s: one line, and the same command ends the week", async (_when, number, place) => {
  await using week = await createWeek(mesh, number);
  await using gate = await closeGate(mesh.databaseUrl, place);
  const cut = week.runOnce();
  await gate.reached();
  await mesh.ops.now.kill();
  const { code, line } = await cut;
  expect(code).toBe(1);
  expect(line).toMatch(/^ops-service does not answer \(.*\); once it does, the run goes on where it stopped$/);
  await gate.open();
  await mesh.ops.restart();
  expect((await week.runOnce()).code).toBe(0);
  expect(await week.assertComplete()).toBe(undisturbed);
});

test("ml-service killed in the middle of a batch: the job tries again and ends the week", async () => {
  await using week = await createWeek(mesh, 17);
  const gate = await closeGate(mesh.databaseUrl, "secondChunk");
  await using scheduler = await week.startScheduler(await onPostgres());
  const jobId = await trigger(scheduler, week);
  await gate.reached();
  // One chunk waits at the gate: as many bytes on their way to ml-service are those of a batch.
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

test("ops-service cut off from its database in the middle of SubmitChunk: the same process ends the week", async () => {
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

test("two schedulers at the same week: the second takes it over, the first is fenced off and says so", async () => {
  await using week = await createWeek(mesh, 19);
  await using gate = await closeGate(mesh.databaseUrl, "secondChunk");
  const first = week.runOnce("one");
  await gate.reached();
  await gate.waiting(2);
  const second = week.runOnce("two");
  // At the gate, behind it with its next chunk, and the second one at its start.
  await gate.waiting(3);
  await gate.open();
  expect(await first).toEqual({ code: 1, line: "another worker has taken the run over and goes on with it" });
  expect((await second).code).toBe(0);
  expect(await week.assertComplete("two")).toBe(undisturbed);
});
