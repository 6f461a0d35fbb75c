import type { JobQueue } from "@bellwether/queue/open-queue";
import type { JobsOptions } from "bullmq";
import type { PauseState } from "../domain/pause.ts";
import type { RunDecisions } from "../domain/weekly-ports.ts";
import type { Progress } from "../domain/weekly-run.ts";

/** A caller's request for a run. The run starts only after `accepted` was set. */
export interface RunRequest {
  readonly id: string;
  readonly accepted: boolean;
}

/** A run of a week, as data of a job. `request` is not set when the schedule started the run. */
export interface RunJob extends RunDecisions {
  readonly kind: "run";
  readonly week: string;
  readonly input: string;
  readonly request?: RunRequest;
  /** Why the scheduler started the run by itself, as a note of the run. */
  readonly remark?: string;
  /** True: the run goes on with the snapshot that it has, and does not read the input again. */
  readonly keepsSnapshot?: boolean;
}

/** Data of a job. "tick": the schedule's time has come, and the worker checks which weeks are due. */
export type WeeklyJob = ({ readonly kind: "tick" } & Partial<PauseState>) | RunJob;

/** Result of a run, in addition to its counts. */
export interface JobOutcome {
  readonly wasComplete: boolean;
  /** Later complete week because of which the rules were not evaluated; empty when they were. */
  readonly overtakenBy: string;
  /** Remarks on the run in addition to its counts, one sentence each. */
  readonly notes: readonly string[];
}

/** Stage and counts of a run, as its job stores them. Jobs of earlier releases have no id of the run. */
export type JobProgress = Omit<Progress, "runId"> & Partial<Pick<Progress, "runId">>;

/** Return value of a run's job. Jobs of earlier releases have the counts only. */
export type JobResult = JobProgress &
  Partial<JobOutcome> & {
    /** Why the run is held; absent when it is complete. */
    readonly held?: string;
  };

export type WeeklyQueue = JobQueue<WeeklyJob, JobResult | null>;

/**
 * Options of a run's job: it is retried for three quarters of an hour while a peer or a disk is not
 * available. The run continues where it stopped.
 */
export const RUN_OPTIONS: JobsOptions = {
  attempts: 10,
  backoff: { type: "exponential", delay: 5_000 },
  removeOnComplete: { count: 100 },
  removeOnFail: { count: 100 },
};
