import { trimReason } from "@bellwether/contract/reason-text";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type {
  ScheduleSchema,
  ScheduleService,
  WaitingWeekSchema,
  WatchProgressResponseSchema,
} from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { CatchUpState, WaitingWeek } from "../domain/catch-up.ts";
import type { ModelsByName } from "../domain/models-by-name.ts";
import { isRetrainJobId, WEEKLY_SCHEDULE } from "../domain/queue-names.ts";
import { JobNotFoundError, ScheduleNotFoundError } from "../domain/scheduler-error.ts";
import { STAGE } from "../domain/stages.ts";
import { createJobWatch } from "../jobs/job-watch.ts";
import type { RetrainStatus } from "../jobs/retrain-status.ts";
import type { ScheduleState } from "../jobs/schedule-keeper.ts";
import type { JobStatus, WeeklyJobs } from "../jobs/weekly-jobs.ts";
import { type RetrainDeps, retrainHandlers, retrainToProto } from "./retrain.ts";

/** Interval between two look-ups of a watched job, ms. All watchers of a job use the same look-ups. */
const WATCH_MS = 250;

/** Maximum number of notes that the contract allows. A run has fewer notes. */
const MAX_NOTES = 16;

/** Maximum number of characters of the reason of a waiting week. */
const MAX_REASON = 250;

const STATES = { running: RunState.RUNNING, complete: RunState.COMPLETE, failed: RunState.FAILED, held: RunState.HELD };

function scheduleToProto(
  modelName: string,
  { cron, timeZone, paused, nextRunMs }: ScheduleState,
  weeks: CatchUpState | null,
): MessageInitShape<typeof ScheduleSchema> {
  const next = nextRunMs === null ? {} : { nextRunAt: timestampFromMs(nextRunMs) };
  return {
    ...{ scheduleId: WEEKLY_SCHEDULE, modelName, cron, timeZone, paused, ...next },
    lastCompleteWeek: weeks?.lastComplete ?? "",
    waiting: weeks?.waiting.map(waitingToProto) ?? [],
  };
}

function waitingToProto({
  week,
  scheduledMs,
  deadlineMs,
  reason,
}: WaitingWeek): MessageInitShape<typeof WaitingWeekSchema> {
  return {
    ...{ isoWeek: week, reason: [...reason].slice(0, MAX_REASON).join("") },
    ...(scheduledMs !== null && { scheduledAt: timestampFromMs(scheduledMs) }),
    ...(deadlineMs !== null && { deadlineAt: timestampFromMs(deadlineMs) }),
  };
}

function jobStatusToProto({
  state,
  week,
  progress,
  failure,
  outcome,
}: JobStatus): MessageInitShape<typeof WatchProgressResponseSchema> {
  const counts = progress && {
    runId: progress.runId ?? 0,
    stage: STAGE[progress.stage],
    rowsRead: BigInt(progress.rowsRead),
    rowsScored: BigInt(progress.rowsScored),
    rowsRejected: BigInt(progress.rowsRejected),
  };
  const notes = outcome?.notes.slice(0, MAX_NOTES) ?? [];
  return { state: STATES[state], isoWeek: week, failure, ...counts, ...outcome, notes };
}

function retrainStatusToProto(status: RetrainStatus): MessageInitShape<typeof WatchProgressResponseSchema> {
  const { result } = status;
  const hasVersion = result?.outcome === "published" || result?.outcome === "unchanged";
  const ended = hasVersion ? RunState.COMPLETE : RunState.FAILED;
  return {
    state: result === null ? RunState.RUNNING : ended,
    failure: result?.failure ?? "",
    retrain: retrainToProto(status),
  };
}

/** The weekly jobs and the retrains of a model. */
export interface ScheduledModel {
  readonly modelName: string;
  readonly jobs: WeeklyJobs;
  readonly retrains: RetrainDeps;
}

/** Returns the handlers of ScheduleService, over the weekly jobs and the retrains of all models. */
export function scheduleHandlers(models: ModelsByName<ScheduledModel>): ServiceImpl<typeof ScheduleService> {
  const watches = new Map(models.all.map((model) => [model.modelName, watchesOf(model)]));
  /** Returns the weekly jobs of a schedule. @throws ScheduleNotFoundError, ModelNotConfiguredError */
  const find = ({ scheduleId, modelName }: { readonly scheduleId: string; readonly modelName: string }) => {
    if (scheduleId !== WEEKLY_SCHEDULE) throw new ScheduleNotFoundError(scheduleId);
    return models.choose(modelName);
  };
  return {
    ...retrainHandlers(models),
    async listSchedules() {
      const listed = models.all.map(async ({ modelName, jobs }) =>
        scheduleToProto(modelName, await jobs.schedule(), jobs.weeks()),
      );
      return { schedules: await Promise.all(listed) };
    },
    async triggerRun({ scheduleId, modelName, isoWeek, input, acceptLosses, forceFuture }, context) {
      const { jobs } = find({ scheduleId, modelName });
      const actor = actorOf(callerOf(context));
      const decisions = {
        ...(acceptLosses !== "" && { acceptLosses: { reason: trimReason(acceptLosses), actor } }),
        ...(forceFuture !== "" && { forceFuture: { reason: trimReason(forceFuture), actor } }),
      };
      const { jobId, week, alreadyKnown, newRevision } = await jobs.trigger(isoWeek, input, context.signal, decisions);
      return { jobId, isoWeek: week, alreadyKnown, newRevision };
    },
    async pauseSchedule(request) {
      const { modelName, jobs } = find(request);
      return { schedule: scheduleToProto(modelName, await jobs.setPaused(true), jobs.weeks()) };
    },
    async resumeSchedule(request) {
      const { modelName, jobs } = find(request);
      return { schedule: scheduleToProto(modelName, await jobs.setPaused(false), jobs.weeks()) };
    },
    async *watchProgress({ jobId }, { signal }) {
      const watch = watches.get(models.ofJob(jobId).modelName);
      if (watch === undefined) throw new JobNotFoundError(jobId);
      let reported = "";
      for await (const status of isRetrainJobId(jobId) ? watch.retrain(jobId, signal) : watch.weekly(jobId, signal)) {
        if (status === null) throw new JobNotFoundError(jobId);
        const text = JSON.stringify(status);
        if (text !== reported) yield "task" in status ? retrainStatusToProto(status) : jobStatusToProto(status);
        reported = text;
        if (status.state !== "running") return;
      }
    },
  };
}

/** Creates the watches of the jobs of a model, which look a job up at once when it ends in this process. */
function watchesOf({ jobs, retrains }: ScheduledModel) {
  const weekly = createJobWatch(jobs.jobStatus, WATCH_MS);
  jobs.onEnd(weekly.nudge);
  const retrain = createJobWatch(retrains.jobs.status, WATCH_MS);
  retrains.jobs.onEnd(retrain.nudge);
  return { weekly: weekly.watch, retrain: retrain.watch };
}
