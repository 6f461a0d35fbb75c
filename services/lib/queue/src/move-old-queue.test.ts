import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { openQueue } from "./open-queue.ts";

const PATTERN = { pattern: "0 6 * * 1", tz: "Europe/Berlin" };

/** A queue in the form of an earlier release: BullMQ's default prefix, a paused schedule and a waiting job. */
async function leaveOldQueue(url: string): Promise<void> {
  const old = new Queue("weekly", { connection: { url } });
  await old.upsertJobScheduler("weekly", PATTERN, { name: "tick", data: { kind: "tick", paused: true } });
  await old.add("run", { week: "2026-W47" }, { jobId: "weekly-2026-W47" });
  await old.close();
}

test.skipIf(!hasRedis())(
  "the schedule and jobs of a queue without the hash tag are kept under the new prefix (skipped where there is no redis-server)",
  async () => {
    await using redis = await startRedis();
    await leaveOldQueue(redis.url);
    for (let start = 0; start < 2; start++) {
      await using queues = await openQueue(redis.url, { queues: ["weekly"] });
      const queue = queues.queue<{ week: string }, null>("weekly");
      expect(await queue.getJobScheduler("weekly")).toMatchObject({
        ...PATTERN,
        next: expect.any(Number),
        template: { data: { paused: true } },
      });
      expect((await queue.getJob("weekly-2026-W47"))?.data).toEqual({ week: "2026-W47" });
      expect(await queue.getJobCounts("waiting", "delayed")).toEqual({ waiting: 1, delayed: 1 });
    }
    const client = new Redis(redis.url);
    expect(await client.keys("bull:*")).toEqual([]);
    client.disconnect();
  },
);

test.skipIf(!hasRedis())(
  "the queue of another application keeps its keys (skipped where there is no redis-server)",
  async () => {
    await using redis = await startRedis();
    await leaveOldQueue(redis.url);
    await using _queues = await openQueue(redis.url, { queues: ["monthly"] });
    const client = new Redis(redis.url);
    expect((await client.keys("bull:weekly:*")).length).toBeGreaterThan(3);
    client.disconnect();
  },
);
