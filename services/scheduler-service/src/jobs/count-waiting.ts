import type { Queues } from "@bellwether/queue/open-queue";
import { readQueue } from "@bellwether/queue/queue-error";
import { queueNamesOf } from "../domain/queue-names.ts";

/** A further model, and what waits for it. */
export interface WaitingJobs {
  readonly modelName: string;
  /** Number of weekly runs that wait in its queue, at most `MAX_COUNTED`. */
  readonly runs: number;
  /** Number of retrains that wait. */
  readonly retrains: number;
}

/** States of a job that has not ended. */
const TO_COME = ["waiting", "delayed", "prioritized", "active"] as const;
const MAX_COUNTED = 100;

/**
 * Counts the jobs of models that are not configured any more. The jobs stay in their queues: nothing runs them until the model is
 * configured again.
 */
export async function countWaiting(queues: Queues, modelNames: readonly string[]): Promise<readonly WaitingJobs[]> {
  const found: WaitingJobs[] = [];
  for (const modelName of modelNames) {
    const names = queueNamesOf(modelName);
    const weekly = queues.queue<unknown, unknown>(names.weekly);
    const retrain = queues.queue<unknown, unknown>(names.retrain);
    const jobs = await readQueue(() => weekly.getJobs([...TO_COME], 0, MAX_COUNTED - 1));
    const counts = await readQueue(() => retrain.getJobCounts(...TO_COME));
    found.push({
      modelName,
      // The other jobs of the queue only look for due weeks.
      runs: jobs.filter(({ name }) => name === "run").length,
      retrains: Object.values(counts).reduce((sum, count) => sum + count, 0),
    });
  }
  return found;
}
