import { parseIsoWeek } from "@bellwether/contract/iso-week";
import { trimReason } from "@bellwether/contract/reason-text";
import {
  RetrainOutcome,
  type RetrainSchema,
  RetrainStage,
  RetrainTrigger,
} from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import type { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { ModelsByName } from "../domain/models-by-name.ts";
import { isRetrainJobId } from "../domain/queue-names.ts";
import type { RetrainWindow } from "../domain/retrain-due.ts";
import { JobNotFoundError, RetrainWindowError } from "../domain/scheduler-error.ts";
import type { RetrainJobs } from "../jobs/retrain-jobs.ts";
import type { RetrainStatus } from "../jobs/retrain-status.ts";

/** The retrains of a model. */
export interface RetrainDeps {
  readonly jobs: RetrainJobs;
  readonly modelName: string;
  readonly isAutomatic: boolean;
}

const TRIGGERS = {
  drift: RetrainTrigger.DRIFT,
  outcomes: RetrainTrigger.OUTCOMES,
  age: RetrainTrigger.AGE,
  person: RetrainTrigger.PERSON,
};
const OUTCOMES = {
  published: RetrainOutcome.PUBLISHED,
  unchanged: RetrainOutcome.UNCHANGED,
  failed: RetrainOutcome.FAILED,
  cancelled: RetrainOutcome.CANCELLED,
};
const STAGES = {
  outcomes: RetrainStage.OUTCOMES,
  reading: RetrainStage.READING,
  choosing: RetrainStage.CHOOSING,
  training: RetrainStage.TRAINING,
  publishing: RetrainStage.PUBLISHING,
  gating: RetrainStage.GATING,
};

/** Converts a retrain. */
export function retrainToProto(status: RetrainStatus): MessageInitShape<typeof RetrainSchema> {
  const { jobId, task, progress, result, beganMs, endedMs } = status;
  return {
    ...{ jobId, trigger: TRIGGERS[task.trigger], reason: task.reason, actor: task.actor },
    ...{ fromWeek: task.window.from, toWeek: task.window.to },
    ...(beganMs !== null && { beganAt: timestampFromMs(beganMs) }),
    ...(endedMs !== null && { endedAt: timestampFromMs(endedMs) }),
    ...(progress !== null && { stage: STAGES[progress.stage], done: progress.done, total: progress.total }),
    ...(result !== null && {
      ...{ outcome: OUTCOMES[result.outcome], version: result.version, alias: result.alias, failure: result.failure },
      ...{ rows: BigInt(result.rows), positives: BigInt(result.positives), baselineFeature: result.baselineFeature },
      ...(result.auc !== null && { auc: result.auc }),
      ...(result.baselineAuc !== null && { baselineAuc: result.baselineAuc }),
      ...{ peakMemoryBytes: BigInt(result.peakRssBytes), cpuSeconds: result.cpuSeconds, notes: [...result.notes] },
    }),
  };
}

/** Returns the handlers of the retrains. */
export function retrainHandlers(
  models: ModelsByName<{ readonly retrains: RetrainDeps }>,
): Pick<ServiceImpl<typeof ScheduleService>, "triggerRetrain" | "cancelRetrain" | "getRetrain"> {
  return {
    async triggerRetrain({ modelName, fromWeek, toWeek, reason }, context) {
      const { jobs } = models.choose(modelName).retrains;
      const request = {
        window: windowOf(fromWeek, toWeek),
        reason: trimReason(reason),
        actor: actorOf(callerOf(context)),
      };
      const { jobId, window, alreadyKnown } = await jobs.trigger(request, context.signal);
      return { jobId, fromWeek: window.from, toWeek: window.to, alreadyKnown };
    },
    async cancelRetrain({ jobId, reason }, context) {
      const by = { reason: trimReason(reason), actor: actorOf(callerOf(context)) };
      const status = isRetrainJobId(jobId) ? await models.ofJob(jobId).retrains.jobs.cancel(jobId, by) : null;
      if (status === null) throw new JobNotFoundError(jobId);
      return { retrain: retrainToProto(status) };
    },
    async getRetrain(request) {
      const { jobs, modelName, isAutomatic } = models.choose(request.modelName).retrains;
      const state = jobs.due();
      const retrains = (await jobs.recent()).map(retrainToProto);
      return {
        ...{ modelName, isAutomatic, due: state?.due?.reason ?? "", waits: state?.waits ?? "", retrains },
        ...(state !== null && { checkedAt: timestampFromMs(state.checkedMs) }),
      };
    },
  };
}

/** Returns the window that a caller names; null when it names none. @throws IsoWeekError, RetrainWindowError */
function windowOf(fromWeek: string, toWeek: string): RetrainWindow | null {
  if (fromWeek === "" && toWeek === "") return null;
  if (fromWeek === "" || toWeek === "") throw new RetrainWindowError("from_week and to_week are set together");
  const window = { from: parseIsoWeek(fromWeek), to: parseIsoWeek(toWeek) };
  if (window.from > window.to) throw new RetrainWindowError("from_week is after to_week");
  return window;
}
