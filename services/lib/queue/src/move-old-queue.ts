import type { Redis } from "ioredis";
import { QUEUE_PREFIX } from "./redis-write-probe.ts";

/** BullMQ's default prefix, used by releases whose keys had no hash tag. */
const OLD_PREFIX = "bull";
const SCAN_COUNT = 1_000;

/**
 * Renames the keys of a queue of an earlier release to the prefix with the hash tag. Schedule, pause and jobs
 * are kept. Nothing happens when the queue already has keys with the new prefix, because those are newer. All
 * keys are renamed in one transaction. Stop a scheduler of the earlier release first: it would continue to
 * use the old keys.
 */
export async function moveOldQueue(redis: Redis, name: string): Promise<void> {
  const [from, to] = [`${OLD_PREFIX}:${name}:`, `${QUEUE_PREFIX}:${name}:`];
  // A Redis Cluster cannot hold old keys: they could never be written there.
  if ((await redis.exists(`${to}repeat`)) > 0 || (await redis.exists(`${from}repeat`)) === 0) return;
  const keys = new Set<string>();
  for await (const found of redis.scanStream({ match: `${from}*`, count: SCAN_COUNT }) as AsyncIterable<string[]>)
    for (const key of found) keys.add(key);
  const moving = redis.multi();
  for (const key of keys) moving.rename(key, `${to}${key.slice(from.length)}`);
  await moving.exec();
}
