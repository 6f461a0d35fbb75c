import { StoreReadOnlyError } from "@bellwether/postgres/watch/watch-store";
import type { Redis } from "ioredis";

/** Prefix of all queue keys. It is a hash tag, so that a Redis Cluster keeps all keys in one slot. */
export const QUEUE_PREFIX = "{bellwether}";
const PROBE_KEY = `${QUEUE_PREFIX}:probe`;
const KEEP_PROBE_S = 60;

/** Why Redis rejects a write, by the first word of its answer. */
const REASONS: Readonly<Record<string, string>> = {
  READONLY: "is a read-only replica",
  OOM: "has no memory left",
  MISCONF: "cannot save to its disk",
  NOREPLICAS: "has too few replicas",
  NOPERM: `does not allow this user to write keys that begin with ${QUEUE_PREFIX}`,
};

/**
 * Writes a key that expires: PING does not detect a replica or a full server. @throws StoreReadOnlyError when
 * the store rejects writes
 */
export async function probeWrite(redis: Redis): Promise<void> {
  try {
    await redis.set(PROBE_KEY, "1", "EX", KEEP_PROBE_S);
  } catch (cause) {
    const word = cause instanceof Error ? (/^[A-Z]+/.exec(cause.message)?.[0] ?? "") : "";
    const reason = REASONS[word];
    if (reason === undefined) throw cause;
    throw new StoreReadOnlyError(`${reason} (${word})`, { cause });
  }
}
