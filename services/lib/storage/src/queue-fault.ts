import { passingFault } from "./passing-fault.ts";

/** What ioredis and Redis say when a command cannot be carried out now. */
const REDIS =
  /^(Command timed out|Connection is closed|Stream isn't writeable|Reached the max retries per request limit)/;
const REDIS_ANSWER = /^(-?)(READONLY|OOM|MISCONF|NOREPLICAS|LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|UNBLOCKED) /;

/** Whether an error of a queue means that its store is away or takes no writes: it may be gone at the next attempt. */
export function isQueueAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return REDIS.test(error.message) || REDIS_ANSWER.test(error.message) || passingFault(error) !== undefined;
}
