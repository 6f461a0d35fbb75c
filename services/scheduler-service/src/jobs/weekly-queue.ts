import type { JobQueue } from "@bellwether/queue/open-queue";
import type { JobsOptions } from "bullmq";
import type { PauseState } from "../domain/pause.ts";
import type { RunDecisions } from "../domain/weekly-ports.ts";
import type { Progress } from "../domain/weekly-run.ts";

/** Id of the one schedule, and of its BullMQ job scheduler; name of the queue. */
export const WEEKLY_SCHEDULE = "weekly";

/** A caller's request for a run. Until it is accepted nothing is run. */
export interface RunRequest {
  readonly id: string;
  readonly accepted: boolean;
}

/** A week is to be run. Without a request: the schedule asks for it. */
export interface RunJob extends RunDecisions {
  readonly kind: "run";
  readonly week: string;
  readonly input: string;
  readonly request?: RunRequest;
}

/** "tick": the schedule's time has come. */
export type WeeklyJob = ({ readonly kind: "tick" } & Partial<PauseState>) | RunJob;

/** What came of a run, besides its counts. */
export interface JobOutcome {
  readonly wasComplete: boolean;
  /** Later complete week for which reason the rules were not evaluated; empty: they were. */
  readonly overtakenBy: string;
  /** What must be said beside the counts, one sentence each. */
  readonly notes: readonly string[];
}

/** What a job of a run ends with; those of earlier versions have the counts only. */
export type JobResult = Progress & Partial<JobOutcome>;

export type WeeklyQueue = JobQueue<WeeklyJob, JobResult | null>;

/** Retries over three quarters of an hour, for peers and disks that are away; the run goes on where it stopped. */
export const RUN_OPTIONS: JobsOptions = {
  attempts: 10,
  backoff: { type: "exponential", delay: 5_000 },
  removeOnComplete: { count: 100 },
  removeOnFail: { count: 100 },
};
