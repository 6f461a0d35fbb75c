import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { openQueue } from "./open-queue.ts";
import { watchQueue } from "./watch-queue.ts";

vi.setConfig({ testTimeout: 60_000 });
// On a busy machine, an answer can take longer than half a second.
const QUICK = { pauseMs: 20, timeLimitMs: 1_500, giveUpMs: 3_000 };
const within = (condition: () => void) => vi.waitFor(condition, { timeout: 20_000, interval: 10 });

test.skipIf(!hasRedis())(
  "reports once that Redis has disconnected or hangs, and once that it is available again (skipped where there is no redis-server)",
  async () => {
    await using redis = await startRedis("secret");
    await using relay = await startTcpRelay(redis.url);
    const reported: boolean[] = [];
    await using _watch = watchQueue(relay.url, (answers) => reported.push(answers), QUICK);
    await within(() => expect(relay.chunksReceived()).toBeGreaterThan(3));
    await relay.disconnect();
    await within(() => expect(reported).toEqual([false]));
    await relay.reconnect();
    await within(() => expect(reported).toEqual([false, true]));
    relay.setPaused(true);
    await within(() => expect(reported).toEqual([false, true, false]));
    relay.setPaused(false);
    await within(() => expect(reported).toEqual([false, true, false, true]));
  },
);

test.skipIf(!hasRedis())(
  "reports a Redis that becomes a replica, or whose disk or memory is full, as unavailable with the reason (skipped where there is no redis-server)",
  async () => {
    await using primary = await startRedis();
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    const seen: string[] = [];
    await using _watch = watchQueue(redis.url, (_usable, reason) => seen.push(reason), QUICK);
    await admin.replicaof("127.0.0.1", Number(new URL(primary.url).port));
    await within(() => expect(seen).toEqual(["is a read-only replica (READONLY)"]));
    await expect(openQueue(redis.url)).rejects.toThrow(/ cannot be used: is a read-only replica \(READONLY\)\./);
    await admin.replicaof("NO", "ONE");
    await within(() => expect(seen.at(-1)).toBe(""));
    await admin.config("SET", "maxmemory", "1");
    await within(() => expect(seen.at(-1)).toBe("has no memory left (OOM)"));
    await admin.config("SET", "maxmemory", "0");
    await within(() => expect(seen.at(-1)).toBe(""));
    admin.disconnect();
  },
);

test("reports a PostgreSQL whose transactions are read-only as unavailable with the reason", async () => {
  await using cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  const seen: string[] = [];
  await using _watch = watchQueue(url, (_usable, reason) => seen.push(reason), QUICK);
  const admin = await openPostgres(url, { max: 1 });
  const setReadOnly = async (value: string) => {
    await admin.query(`alter system set default_transaction_read_only = ${value}`);
    await admin.query("select pg_reload_conf()");
  };
  await setReadOnly("on");
  await within(() => expect(seen).toEqual(["is read-only (a standby, or set to read-only transactions)"]));
  await expect(openQueue(url)).rejects.toThrow(/ cannot hold the queues: is read-only /);
  await admin.query("set default_transaction_read_only = off");
  await setReadOnly("off");
  await within(() => expect(seen.at(-1)).toBe(""));
  await admin.close();
});
