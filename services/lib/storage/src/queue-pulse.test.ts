import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import { expect, test, vi } from "vitest";
import { watchQueue } from "./queue-pulse.ts";

const QUICK = { pauseMs: 20, timeLimitMs: 200, giveUpMs: 400 };
const within = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 10 });

test.skipIf(!hasRedis())(
  "tells once that Redis has gone or hangs, and once that it is back (skipped where there is no redis-server)",
  async () => {
    await using redis = await startRedis("secret");
    await using relay = await startTcpRelay(redis.url);
    const told: boolean[] = [];
    await using _watch = watchQueue(relay.url, (answers) => told.push(answers), QUICK);
    await within(() => expect(relay.asked()).toBeGreaterThan(3));
    await relay.away();
    await within(() => expect(told).toEqual([false]));
    await relay.back();
    await within(() => expect(told).toEqual([false, true]));
    relay.hold(true);
    await within(() => expect(told).toEqual([false, true, false]));
    relay.hold(false);
    await within(() => expect(told).toEqual([false, true, false, true]));
  },
);
