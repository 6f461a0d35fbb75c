import type { Redis } from "ioredis";
import { QUEUE_PREFIX } from "./redis-write-probe.ts";

/** BullMQ's own prefix, which was used before the keys had a hash tag. */
const OLD_PREFIX = "bull";
const SCAN_COUNT = 1_000;

/**
 * Gives the keys of a queue that an earlier version left the prefix with the hash tag; schedule, pause and jobs go on. Nothing happens
 * where the queue has keys of the new prefix: those are newer. Keys move in one transaction. A scheduler of the earlier version that
 * still runs must be stopped before: it would go on with the old keys.
 */
export async function moveOldQueue(redis: Redis, name: string): Promise<void> {
  const [from, to] = [`${OLD_PREFIX}:${name}:`, `${QUEUE_PREFIX}:${name}:`];
  // On a Redis Cluster the old keys could never be written.
  if ((await redis.exists(`${to}repeat`)) > 0 || (await redis.exists(`${from}repeat`)) === 0) return;
  const keys = new Set<string>();
  for await (const found of redis.scanStream({ match: `${from}*`, count: SCAN_COUNT }) as AsyncIterable<string[]>)
    for (const key of found) keys.add(key);
  const moving = redis.multi();
  for (const key of keys) moving.rename(key, `${to}${key.slice(from.length)}`);
  await moving.exec();
}
