import { setTimeout as pause } from "node:timers/promises";
import { transientError } from "@bellwether/postgres/pool/transient-error";

/** Messages of ioredis and Redis when a command cannot be carried out now. */
const REDIS =
  /^(Command timed out|Connection is closed|Stream isn't writeable|Reached the max retries per request limit)/;
const REDIS_ANSWER = /^(-?)(READONLY|OOM|MISCONF|NOREPLICAS|LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|UNBLOCKED) /;

/**
 * Whether an error of a queue means that its store is unavailable or rejects writes; the next attempt may
 * succeed.
 */
export function isQueueUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return REDIS.test(error.message) || REDIS_ANSWER.test(error.message) || transientError(error) !== undefined;
}

const BACK_WITHIN_MS = 3_000;
const PAUSE_MS = 50;

/**
 * Runs a query on a queue. When the store is unavailable for less than 3 s, as after a restart, the query is
 * repeated: it changes nothing.
 */
export async function readQueue<T>(read: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + BACK_WITHIN_MS; ; await pause(PAUSE_MS)) {
    try {
      return await read();
    } catch (error) {
      if (!isQueueUnavailable(error) || performance.now() > until) throw error;
    }
  }
}
