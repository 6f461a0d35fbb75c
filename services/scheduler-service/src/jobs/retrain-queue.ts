import type { JobQueue } from "@bellwether/queue/open-queue";
import type { JobsOptions } from "bullmq";
import type { RetrainResult, RetrainTask } from "../domain/retrain.ts";

/** Data of a retrain's job. */
export interface RetrainJob extends RetrainTask {
  /** Number of the retrain, from 1. */
  readonly number: number;
  /** Set when a person has cancelled the retrain. */
  readonly cancelled?: { readonly actor: string; readonly reason: string };
}

export type RetrainQueue = JobQueue<RetrainJob, RetrainResult>;

/** Options of a retrain's job: it is tried again for two and a half minutes while a peer, a disk or the registry is not available. */
export const RETRAIN_OPTIONS: JobsOptions = {
  attempts: 5,
  backoff: { type: "exponential", delay: 10_000 },
  removeOnComplete: { count: 50 },
  removeOnFail: { count: 50 },
};

/** Returns the id of a retrain's job. */
export const retrainJobId = (queueName: string, number: number): string => `${queueName}-${number}`;
