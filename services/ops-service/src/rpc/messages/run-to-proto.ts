import { BAND_NUMBERS, BANDS } from "@bellwether/contract/band-codes";
import { OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import {
  type AlertIdsSchema,
  type BatchRunSchema,
  LossLimit,
  type RevisionChangesSchema,
  type RunDecisionSchema,
  type RunLossesSchema,
  RunStage,
  RunState,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { checkToProto } from "@bellwether/plausibility/check-proto";
import type { LossLimit as ExceededLimit } from "@bellwether/plausibility/losses";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { RunLosses as StoredLosses } from "../../domain/run-losses.ts";
import type * as domain from "../../domain/scores/run.ts";
import { driftToProto } from "./run-drift.ts";

const STATES: Readonly<Record<domain.RunState, RunState>> = {
  running: RunState.RUNNING,
  complete: RunState.COMPLETE,
  failed: RunState.FAILED,
  held: RunState.HELD,
  missed: RunState.MISSED,
  voided: RunState.VOIDED,
  superseded: RunState.SUPERSEDED,
};

const STAGES: Readonly<Record<domain.RunStage, RunStage>> = {
  none: RunStage.UNSPECIFIED,
  ingest: RunStage.INGEST,
  validate: RunStage.VALIDATE,
  score: RunStage.SCORE,
  drift: RunStage.DRIFT,
  complete: RunStage.COMPLETE,
  report: RunStage.REPORT,
};

const LOSS_LIMITS: Readonly<Record<ExceededLimit, LossLimit>> = {
  rejected_rows: LossLimit.REJECTED_ROWS,
  suppliers: LossLimit.SUPPLIERS,
};

export const OUTPUT_SPACES: Readonly<Record<domain.ScoredBy["outputSpace"], OutputSpace>> = {
  unknown: OutputSpace.UNSPECIFIED,
  margin: OutputSpace.MARGIN,
  probability: OutputSpace.PROBABILITY,
  raw: OutputSpace.RAW,
  "class-margin": OutputSpace.CLASS_MARGIN,
};

/** Converts a stage that protovalidate accepted. */
export function stageFromProto(stage: RunStage): domain.RunStage {
  for (const name of ["ingest", "validate", "score", "drift", "complete", "report"] as const)
    if (STAGES[name] === stage) return name;
  return "none";
}

/** Converts a run. @param withBins whether its drift has the distributions */
export function runToProto(run: domain.Run, withBins = true): MessageInitShape<typeof BatchRunSchema> {
  return {
    runId: run.id,
    isoWeek: run.isoWeek,
    modelName: run.modelName,
    state: STATES[run.state],
    stage: STAGES[run.stage],
    ...(run.rowsRead !== null && { rowsRead: BigInt(run.rowsRead) }),
    rowsScored: BigInt(run.rowsScored),
    rowsRejected: BigInt(run.rowsRejected + run.rowsInvalid),
    chunksReceived: run.chunksReceived,
    ...(run.chunksTotal !== null && { chunksTotal: run.chunksTotal }),
    chunkRows: run.chunkRows,
    inputDigest: run.inputDigest,
    ...(run.scoredBy && { model: modelToProto(run.scoredBy) }),
    alertsRaised: run.alertsRaised,
    bands: BANDS.flatMap((band) => {
      const rows = run.bands[band];
      return rows === undefined ? [] : [{ band: BAND_NUMBERS[band], rows: BigInt(rows) }];
    }),
    drift: run.drift.map((drift) => driftToProto(drift, withBins)),
    startedAt: timestampFromDate(run.startedAt),
    ...(run.completedAt && { completedAt: timestampFromDate(run.completedAt) }),
    failure: run.failure,
    ...{ sourceDigest: run.sourceDigest, configHash: run.configHash, policyHash: run.policyHash },
    overtakenBy: run.overtakenBy,
    ruleSets: run.ruleSets.map(({ id, hash }) => ({ setId: id, hash })),
    ...(run.losses && { losses: lossesToProto(run.losses) }),
    ...(run.forceFuture && { forceFuture: run.forceFuture }),
    ...revisionToProto(run),
    checks: run.checks.map(checkToProto),
    checksFailed: run.checksFailed,
    asOf: run.asOf,
    missedReason: run.missedReason,
    inputObjects: run.inputObjects.map(({ url, etag, bytes }) => ({ url, etag, bytes: BigInt(bytes) })),
  };
}

function revisionToProto(run: domain.Run) {
  const { approved, voided, supersedeRequested, supersedesRunId, supersededByRunId, changes } = run;
  return {
    revision: run.revision,
    ...(approved && { approved: decisionToProto(approved) }),
    ...(voided && { voided: decisionToProto(voided) }),
    ...(supersedeRequested && { supersedeRequested: decisionToProto(supersedeRequested) }),
    ...(supersedesRunId !== null && { supersedesRunId }),
    ...(supersededByRunId !== null && { supersededByRunId }),
    ...(changes && { changes: changesToProto(changes) }),
  };
}

export function decisionToProto(decision: domain.RunDecision): MessageInitShape<typeof RunDecisionSchema> {
  const { reason, actor, decidedMs } = decision;
  return { reason, actor, decidedAt: timestampFromDate(new Date(decidedMs)) };
}

export function alertIdsToProto({ count, ids }: domain.AlertIds): MessageInitShape<typeof AlertIdsSchema> {
  return { count, alertIds: [...ids] };
}

function changesToProto(changes: domain.RevisionChanges): MessageInitShape<typeof RevisionChangesSchema> {
  return {
    suppliers: BigInt(changes.suppliers),
    scoresChanged: BigInt(changes.scoresChanged),
    maxScoreChange: changes.maxScoreChange,
    bandsChanged: BigInt(changes.bandsChanged),
    suppliersAdded: BigInt(changes.suppliersAdded),
    suppliersRemoved: BigInt(changes.suppliersRemoved),
    alertsRaised: alertIdsToProto(changes.alertsRaised),
    alertsCleared: alertIdsToProto(changes.alertsCleared),
    alertsChanged: alertIdsToProto(changes.alertsChanged),
  };
}

export function lossesToProto({
  accepted,
  previousSuppliers,
  ...figures
}: StoredLosses): MessageInitShape<typeof RunLossesSchema> {
  return {
    rowsRejected: BigInt(figures.rowsRejected),
    rowsRepeated: BigInt(figures.rowsRepeated),
    rejectedShare: figures.rejectedShare,
    maxRejectedShare: figures.maxRejectedShare,
    maxRejectedRows: BigInt(figures.maxRejectedRows),
    suppliers: BigInt(figures.suppliers),
    ...(previousSuppliers !== null && { previousSuppliers: BigInt(previousSuppliers) }),
    previousWeek: figures.previousWeek,
    minSuppliersShare: figures.minSuppliersShare,
    exceeded: figures.exceeded.map((limit) => LOSS_LIMITS[limit]),
    ...(accepted && { accepted }),
  };
}

export function modelToProto({
  name,
  version,
  modelDigest,
  bundleDigest,
  configHash,
  runtime,
  kernel,
}: Omit<domain.ScoredBy, "columnNames">) {
  return { name, version, modelDigest, bundleDigest, configHash, runtime, kernel };
}
