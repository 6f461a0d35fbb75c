import { hasPgBouncer, startPgBouncer } from "@bellwether/testing/pgbouncer";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openQueue } from "./open-queue.ts";

/** Verifies one store: a schedule with a time zone that is set twice, and a retried job. */
async function assertQueues(url: string): Promise<void> {
  await using queues = await openQueue(url);
  const queue = queues.queue<{ n: number }, number>("proof");
  await queue.waitUntilReady();
  let attempts = 0;
  queues.worker<{ n: number }, number>("proof", async (job) => {
    if (job.name === "flaky" && ++attempts === 1) throw new Error("once");
    return job.data.n;
  });

  const flaky = await queue.add("flaky", { n: 7 }, { attempts: 2, backoff: 1 });
  await vi.waitFor(async () => expect(await flaky.getState()).toBe("completed"), { timeout: 15_000 });
  expect(await queue.getJob(flaky.id ?? "")).toMatchObject({ returnvalue: 7 });
  expect(attempts).toBe(2);

  for (let start = 0; start < 2; start++)
    await queue.upsertJobScheduler("weekly", { pattern: "0 6 * * 1", tz: "Europe/Berlin" }, { data: { n: 0 } });
  expect(await queue.getJobSchedulersCount()).toBe(1);
  expect(await queue.getJobScheduler("weekly")).toMatchObject({ pattern: "0 6 * * 1", tz: "Europe/Berlin" });
}

/** A store that disconnects or does not answer must not block closing the queue. */
async function assertClose(url: string): Promise<void> {
  for (const error of ["away", "silent"]) {
    await using relay = await startTcpRelay(url);
    const queues = await openQueue(relay.url);
    const worker = queues.worker("proof", async () => null);
    await worker.waitUntilReady();
    await queues.queue("proof").getJobCounts();
    if (error === "away") await relay.disconnect();
    else relay.setPaused(true);
    const begun = performance.now();
    await queues.close();
    expect(performance.now() - begun).toBeLessThan(9_000);
  }
}

describe("on Postgres", () => {
  let cluster: PostgresServer;
  beforeAll(async () => {
    cluster = await usePostgres();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it("retries a job and keeps one schedule", async () => {
    await assertQueues(await cluster.createDatabase());
  });

  it("closes while the store does not answer", async () => {
    await assertClose(await cluster.createDatabase());
  }, 40_000);
});

describe.skipIf(!hasPgBouncer())("on Postgres behind PgBouncer (skipped where there is no pgbouncer)", () => {
  it("retries a job and keeps one schedule", async () => {
    await using cluster = await usePostgres();
    const direct = await cluster.createDatabase();
    await using bouncer = await startPgBouncer(direct);
    await assertQueues(bouncer.through(direct));
  });
});

describe.skipIf(!hasRedis())("on Redis (skipped where there is no redis-server)", () => {
  it("retries a job and keeps one schedule", async () => {
    await using redis = await startRedis();
    await assertQueues(redis.url);
  });

  it("keeps all keys in one slot of a Redis Cluster", async () => {
    await using redis = await startRedis("", ["--cluster-enabled", "yes"]);
    const admin = new Redis(redis.url);
    await admin.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await vi.waitFor(async () => expect(await admin.call("CLUSTER", "INFO")).toContain("cluster_state:ok"), {
      timeout: 10_000,
    });
    admin.disconnect();
    await assertQueues(redis.url);
  }, 30_000);

  it("closes while the store does not answer", async () => {
    await using redis = await startRedis();
    await assertClose(redis.url);
  }, 40_000);
});

describe("a store that does not answer", () => {
  it("is a one-line error for Redis", async () => {
    await expect(openQueue("redis://:hidden@127.0.0.1:1")).rejects.toThrow(
      /^Redis at redis:\/\/127\.0\.0\.1:1 cannot be used: nothing listens there\. Start it, or correct REDIS_URL$/,
    );
  });

  it("is a one-line error for Postgres", async () => {
    await expect(openQueue("postgres://someone:hidden@127.0.0.1:1/none")).rejects.toThrow(
      /^PostgreSQL at postgres:\/\/127\.0\.0\.1:1\/none cannot hold the queues: nothing listens there\. Start it, or correct DATABASE_URL$/,
    );
  });
});
