import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type {
  ScheduleSchema,
  ScheduleService,
  WatchProgressResponseSchema,
} from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { JobNotFoundError, ScheduleNotFoundError } from "../domain/scheduler-error.ts";
import { STAGE } from "../domain/stages.ts";
import { createJobWatch } from "../jobs/job-watch.ts";
import type { ScheduleState } from "../jobs/schedule-keeper.ts";
import type { JobNews, WeeklyJobs } from "../jobs/weekly-jobs.ts";
import { WEEKLY_SCHEDULE } from "../jobs/weekly-queue.ts";

/** How often a watched job is looked at, for all who watch it. */
const WATCH_MS = 250;

const STATES = { running: RunState.RUNNING, complete: RunState.COMPLETE, failed: RunState.FAILED };

function scheduleToProto({
  cron,
  timeZone,
  paused,
  nextRunMs,
}: ScheduleState): MessageInitShape<typeof ScheduleSchema> {
  const next = nextRunMs === null ? {} : { nextRunAt: timestampFromMs(nextRunMs) };
  return { scheduleId: WEEKLY_SCHEDULE, cron, timeZone, paused, ...next };
}

function newsToProto({ state, progress, failure }: JobNews): MessageInitShape<typeof WatchProgressResponseSchema> {
  const counts = progress && {
    stage: STAGE[progress.stage],
    rowsRead: BigInt(progress.rowsRead),
    rowsScored: BigInt(progress.rowsScored),
    rowsSetAside: BigInt(progress.rowsSetAside),
  };
  return { state: STATES[state], failure, ...counts };
}

function checkSchedule(scheduleId: string): void {
  if (scheduleId !== WEEKLY_SCHEDULE) throw new ScheduleNotFoundError(scheduleId);
}

/** The ScheduleService over the weekly jobs. */
export function scheduleHandlers(jobs: WeeklyJobs): ServiceImpl<typeof ScheduleService> {
  const watch = createJobWatch(jobs.jobNews, WATCH_MS);
  return {
    async listSchedules() {
      return { schedules: [scheduleToProto(await jobs.schedule())] };
    },
    async triggerRun({ scheduleId, isoWeek, input }, { signal }) {
      checkSchedule(scheduleId);
      const { jobId, week, alreadyKnown } = await jobs.trigger(isoWeek, input, signal);
      return { jobId, isoWeek: week, alreadyKnown };
    },
    async pauseSchedule({ scheduleId }) {
      checkSchedule(scheduleId);
      return { schedule: scheduleToProto(await jobs.setPaused(true)) };
    },
    async resumeSchedule({ scheduleId }) {
      checkSchedule(scheduleId);
      return { schedule: scheduleToProto(await jobs.setPaused(false)) };
    },
    async *watchProgress({ jobId }, { signal }) {
      let told = "";
      for await (const news of watch(jobId, signal)) {
        if (news === null) throw new JobNotFoundError(jobId);
        const text = JSON.stringify(news);
        if (text !== told) yield newsToProto(news);
        told = text;
        if (news.state !== "running") return;
      }
    },
  };
}
