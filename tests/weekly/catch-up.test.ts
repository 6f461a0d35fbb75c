import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { killCaughtUp } from "./caught-up.ts";
import { createWeek, startMesh, type WeeklyMesh } from "./harness.ts";

// Each test starts two processes, and waits seconds for locks.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

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

test.each([
  ["while the run begins", 11, "start"],
  ["during the completion", 12, "complete"],
] as const)(
  "a scheduler that catches up a missed week is killed %s, and the next one completes the week",
  async (_when, number, place) => {
    const queue = { DATABASE_URL: await mesh.cluster.createDatabase() };
    expect(await killCaughtUp(mesh, number, place, queue)).toBe(undisturbed);
  },
);

test.skipIf(!hasRedis())(
  "with the jobs on Redis, a scheduler that catches up a missed week is killed during scoring, and the next one completes it (skipped without redis-server)",
  async () => {
    await using redis = await startRedis();
    expect(await killCaughtUp(mesh, 13, "secondChunk", { REDIS_URL: redis.url })).toBe(undisturbed);
  },
);

test("a missed week without a file is recorded as missed, and is run when a person names a file", async () => {
  await using week = await createWeek(mesh, 14);
  const env = { ...(await week.missTick()), WEEKLY_INPUT: "{week}.csv" };
  await using _scheduler = await week.startScheduler({ DATABASE_URL: await mesh.cluster.createDatabase() }, env);
  const batch = createClient(BatchService, createGrpcTransport({ baseUrl: mesh.ops.now.grpc }));
  const find = async () => (await batch.getRun({ isoWeek: week.isoWeek })).run;
  await vi.waitFor(async () => expect((await find())?.state).toBe(RunState.MISSED), { timeout: 60_000, interval: 50 });
  expect((await find())?.missedReason).toBe("2026-W14.csv does not exist; waited 24 h for it");
  expect((await week.runOnce()).code).toBe(0);
  expect(await week.assertComplete()).toBe(undisturbed);
});
