import type { RetrainProgress, RetrainResult, RetrainTask } from "../domain/retrain.ts";
import type { RetrainRecord } from "../domain/retrain-record.ts";

/** The present state of a retrain. */
export interface RetrainStatus {
  readonly jobId: string;
  readonly task: RetrainTask;
  readonly state: "running" | "ended";
  /** Null: the retrain has not begun, or it has ended. */
  readonly progress: RetrainProgress | null;
  /** Null: the retrain has not ended. */
  readonly result: RetrainResult | null;
  /** Epoch milliseconds. Null: it has not begun. */
  readonly beganMs: number | null;
  /** Epoch milliseconds. Null: it has not ended. */
  readonly endedMs: number | null;
}

/** Returns the state of a retrain that has begun. */
export function statusOf(record: RetrainRecord, progress: RetrainProgress | null): RetrainStatus {
  const { jobId, trigger, reason, actor, window, result, beganMs, endedMs } = record;
  const state = endedMs === null ? "running" : "ended";
  return { ...{ jobId, state, progress, result, beganMs, endedMs }, task: { trigger, reason, actor, window } };
}

/** Whether the progress of a job is that of a retrain. */
export const isRetrainProgress = (value: unknown): value is RetrainProgress =>
  typeof value === "object" && value !== null && "stage" in value && "done" in value && "total" in value;
