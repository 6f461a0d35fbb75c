import type { RunLease as ProtoLease } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { checkFromProto, profileFromProto } from "@bellwether/plausibility/check-proto";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  approveRun,
  type DecidedRun,
  holdRun,
  recordMissedWeek,
  requestRevision,
} from "../../domain/runs/decide-run.ts";
import type { Transact } from "../../domain/runs/run-ledger.ts";
import { voidRun } from "../../domain/runs/void-run.ts";
import type { Run, RunLease } from "../../domain/scores/run.ts";
import { alertIdsToProto, runToProto } from "../messages/run-to-proto.ts";
import { typedText } from "../typed-text.ts";

export interface RunDecisionDependencies {
  readonly transact: Transact;
  /** Transactions with a longer time limit, for voiding a run. */
  readonly transactLong: Transact;
  readonly findLatestRun: (which: { modelName: string }) => Promise<Run | undefined>;
  /** Whether the registry has a version of the model, asked with the caller's credentials. */
  readonly isPublished: (modelName: string, context: HandlerContext) => Promise<boolean>;
  readonly now: () => Date;
}

/** Returns the handlers of BatchService that hold, approve, void and supersede runs. */
export function runDecisionHandlers({
  transact,
  transactLong,
  findLatestRun,
  isPublished,
  now,
}: RunDecisionDependencies): Pick<
  ServiceImpl<typeof BatchService>,
  "holdRun" | "approveRun" | "voidRun" | "supersedeRun" | "recordMissedWeek"
> {
  const callerName = (context: HandlerContext): string => actorOf(callerOf(context));
  const decision = (reason: string, context: HandlerContext) => ({
    ...{ reason: typedText(reason), actor: callerName(context), now: now() },
  });
  return {
    async holdRun({ lease, checks, profile }, context) {
      const input = { checks: checks.flatMap(checkFromProto), profile: profileFromProto(profile) };
      return { run: runToProto(await holdRun(transact, leaseFromProto(lease), input, callerName(context))) };
    },
    async approveRun({ runId, reason }, context) {
      return decidedToProto(await approveRun(transact, runId, decision(reason, context)));
    },
    async voidRun({ runId, reason }, context) {
      const { alerts, latestWeek, ...decided } = await voidRun(transactLong, runId, decision(reason, context));
      return {
        ...decidedToProto(decided),
        alertsClosed: alertIdsToProto(alerts.closed),
        alertsRestored: alertIdsToProto(alerts.restored),
        alertsKept: alertIdsToProto(alerts.kept),
        latestWeek,
      };
    },
    async supersedeRun({ runId, reason }, context) {
      return decidedToProto(await requestRevision(transact, runId, decision(reason, context)));
    },
    async recordMissedWeek({ isoWeek, modelName, reason }, context) {
      const missed = { ...decision(reason, context), isoWeek, modelName };
      const isModel = async () => (await findLatestRun({ modelName })) !== undefined || isPublished(modelName, context);
      return { run: runToProto(await recordMissedWeek(transact, missed, isModel)) };
    },
  };
}

const decidedToProto = ({ run, isRepeated }: DecidedRun) => ({ run: runToProto(run), repeatedRequest: isRepeated });

/** protovalidate has checked that the lease is set. */
export function leaseFromProto(lease: ProtoLease | undefined): RunLease {
  return { runId: lease?.runId ?? 0, fence: Number(lease?.fence ?? 0n) };
}
