import type { AuditCheckpoint } from "@bellwether/contract/audit/checkpoint";
import type { InputObject, Override as ProtoOverride } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import {
  type BatchService,
  ListRunsRequestSchema,
  type StartRunResponseSchema,
} from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { actorOf, callerOf } from "@bellwether/mesh/call/caller";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import { propagateContextAsCaller } from "@bellwether/mesh/client/propagate-context";
import { checkFromProto, profileFromProto, profileToProto } from "@bellwether/plausibility/check-proto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AnnouncedChange } from "../../domain/alerts/announced-change.ts";
import type { DividedChange } from "../../domain/alerts/model-change.ts";
import { RunNotFoundError } from "../../domain/ops-error.ts";
import type { Override } from "../../domain/run-losses.ts";
import { type CompleteRunOptions, completeRun } from "../../domain/runs/complete-run.ts";
import type { Transact } from "../../domain/runs/run-ledger.ts";
import {
  compareInput,
  failRun,
  type InputComparison,
  reportProgress,
  type StartedRun,
  startRun,
} from "../../domain/runs/start-run.ts";
import type { Run, RunLease } from "../../domain/scores/run.ts";
import type { ChunkReceipt, ScoredChunk } from "../../domain/scores/scored-chunk.ts";
import type { ScorePair } from "../../domain/scores/stored-input.ts";
import { chunkFromProto } from "../messages/chunk-from-proto.ts";
import { inputReportFromProto } from "../messages/input-report.ts";
import { driftFromProto } from "../messages/run-drift.ts";
import { decisionToProto, runToProto, stageFromProto } from "../messages/run-to-proto.ts";
import { pageOf, rowFromText } from "../page-token.ts";
import { shareByKey } from "../shared-query.ts";
import { typedText } from "../typed-text.ts";
import { countDriftAlarms } from "./drift-metrics.ts";
import { leaseFromProto, runDecisionHandlers } from "./run-decisions.ts";

export interface BatchDependencies
  extends Omit<CompleteRunOptions, "rules" | "policy" | "divideChanges" | "checkpoint"> {
  /** Returns the alert rules and the risk policy for the runs of a model. */
  readonly filesOf: (modelName: string) => Pick<CompleteRunOptions, "rules" | "policy">;
  /** Signs the present head of the audit log. Null: none could be signed. */
  readonly signCheckpoint: () => Promise<AuditCheckpoint | null>;
  readonly transact: Transact;
  /** Transactions with a longer time limit, for completing a run. */
  readonly transactLong: Transact;
  /** Waits until the names of all stored chunks can be searched, and listed in their order. */
  readonly finishSearchKeys: () => Promise<void>;
  /** Begins to build the indexes of the runs that have all their chunks. Does not wait. */
  readonly startIndexes: () => void;
  /** Waits until these indexes are built. Without them, completing a run builds them. */
  readonly finishIndexes: () => Promise<void>;
  /** Divides changes of scores with ml-service, with the caller's credentials. */
  readonly divideChanges: (
    pairs: readonly ScorePair[],
    options: Pick<CallOptions, "headers">,
  ) => Promise<ReadonlyMap<number, DividedChange>>;
  /** Writes the values of complete runs to their alerts, and waits until that is done. */
  readonly writeRunValues: () => Promise<void>;
  /** Called after a run was completed. */
  readonly onComplete: () => void;
  readonly writeChunk: (lease: RunLease, chunk: ScoredChunk) => Promise<ChunkReceipt>;
  /** Whether the registry has a version of the model, asked with the caller's credentials. */
  readonly isPublished: (modelName: string, context: HandlerContext) => Promise<boolean>;
  readonly findRun: (runId: number) => Promise<Run | undefined>;
  readonly findLatestRun: (which: { isoWeek?: string; modelName?: string }) => Promise<Run | undefined>;
  readonly listRuns: (limit: number, beforeId: number | undefined) => Promise<readonly Run[]>;
  /** Streams changes from now on. The payload is the id of the run. */
  readonly watchRuns: (signal: AbortSignal) => Promise<AsyncIterable<AnnouncedChange>>;
}

const DEFAULT_PAGE = 50;
/** Run ids have 32 bits in the database. */
const MAX_RUN_ID = 2 ** 31 - 1;

/** Returns the handlers of BatchService over the runs of the database. */
export function batchHandlers(deps: BatchDependencies): ServiceImpl<typeof BatchService> {
  const { transact, findRun } = deps;
  /** Reads a run after a change, with the key "run/notification": one query for all watches. */
  const changedRun = shareByKey((change) => findRun(Number.parseInt(change, 10)));
  return {
    ...runDecisionHandlers(deps),
    async startRun({ forceFuture, acceptLosses, ...request }, context) {
      const { isoWeek, modelName, holder, sourceDigest, configHash, asOf, chunkRows } = request;
      const start = {
        ...{ isoWeek, modelName, holder, sourceDigest, configHash, asOf, chunkRows },
        forceFuture: overrideFromProto(forceFuture, context),
        acceptLosses: overrideFromProto(acceptLosses, context),
      };
      return startedToProto(await startRun(transact, start, deps.now));
    },
    async reportProgress({ lease, stage, rowsRead, rowsRejected, chunksTotal, inputDigest, inputObjects }) {
      const run = await reportProgress(transact, leaseFromProto(lease), {
        stage: stageFromProto(stage),
        ...(rowsRead !== undefined && { rowsRead: Number(rowsRead) }),
        ...(rowsRejected !== undefined && { rowsRejected: Number(rowsRejected) }),
        ...(chunksTotal !== undefined && { chunksTotal }),
        ...(inputDigest !== "" && { inputDigest }),
        ...(inputObjects.length > 0 && { inputObjects: inputObjects.map(objectFromProto) }),
      });
      // The holder compares distributions now, which takes about as long.
      if (run.stage === "drift") deps.startIndexes();
      return { run: runToProto(run) };
    },
    async submitChunk(request) {
      return await deps.writeChunk(leaseFromProto(request.lease), chunkFromProto(request));
    },
    async completeRun({ lease, chunksTotal, drift, ...request }, context) {
      const totals = {
        rowsRead: Number(request.rowsRead),
        rowsRejected: Number(request.rowsRejected),
        rowsRepeated: Number(request.rowsRepeated),
        sourceRows: request.sourceRows === undefined ? null : Number(request.sourceRows),
        sourceRowsRejected: Number(request.sourceRowsRejected),
        acceptLosses: overrideFromProto(request.acceptLosses, context),
        checks: request.checks.flatMap(checkFromProto),
        profile: profileFromProto(request.profile),
        contentDigest: request.contentDigest,
        inputReport: inputReportFromProto(request.inputReport),
        chunksTotal,
        drift: drift.map(driftFromProto),
      };
      const began = deps.now();
      const [checkpoint] = await Promise.all([
        deps.signCheckpoint(),
        deps.finishSearchKeys(),
        deps.finishIndexes(),
        deps.writeRunValues(),
      ]);
      const { headers } = propagateContextAsCaller(context);
      const known = leaseFromProto(lease);
      const { modelName = "" } = (await findRun(known.runId)) ?? {};
      const run = await completeRun(deps.transactLong, known, totals, {
        ...{ ...deps, ...deps.filesOf(modelName), checkpoint },
        divideChanges: (pairs) => deps.divideChanges(pairs, { ...(headers && { headers }) }),
      });
      // If this fails, the run is complete. The caller repeats the call, which then does the rest.
      await deps.writeRunValues();
      // A run that was complete before was counted then.
      if (run.completedAt !== null && run.completedAt >= began) countDriftAlarms(run);
      deps.onComplete();
      return { run: runToProto(run) };
    },
    async failRun({ lease, reason }, context) {
      const failure = { reason, actor: actorOf(callerOf(context)) };
      return { run: runToProto(await failRun(transact, leaseFromProto(lease), failure)) };
    },
    async getInputComparison(week) {
      return comparisonToProto(await compareInput(transact, week));
    },
    async getRun({ isoWeek, modelName, runId }) {
      const run =
        runId === 0
          ? await deps.findLatestRun({ ...(isoWeek !== "" && { isoWeek }), ...(modelName !== "" && { modelName }) })
          : await findRun(runId);
      const isOther = (wanted: string, found: string | undefined): boolean => wanted !== "" && wanted !== found;
      if (runId !== 0 && (!run || isOther(isoWeek, run.isoWeek) || isOther(modelName, run.modelName)))
        throw new RunNotFoundError(`run ${runId}${isoWeek && ` of ${isoWeek}`}`);
      if (!run) {
        const [week, model] = [isoWeek && ` of ${isoWeek}`, modelName && ` of the model ${JSON.stringify(modelName)}`];
        throw new RunNotFoundError(`a run${week}${model}`);
      }
      return { run: runToProto(run) };
    },
    async listRuns(request) {
      const size = request.pageSize || DEFAULT_PAGE;
      const tokens = pageTokens(ListRunsRequestSchema, request);
      const [before] = tokens.read(request.pageToken, 1) ?? [];
      const beforeId = before === undefined ? undefined : rowFromText(before, MAX_RUN_ID);
      const page = pageOf(await deps.listRuns(size + 1, beforeId), size, tokens, ({ id }) => [id]);
      return { runs: page.items.map((run) => runToProto(run, false)), nextPageToken: page.nextPageToken };
    },
    async *watchRun({ runId }, { signal }) {
      const changes = await deps.watchRuns(signal);
      const present = await findRun(runId);
      if (!present) throw new RunNotFoundError(`run ${runId}`);
      yield { run: runToProto(present) };
      if (present.state !== "running") return;
      for await (const { payload, notification } of changes) {
        if (payload !== String(runId)) continue;
        const run = await changedRun(`${runId}/${notification}`);
        if (!run) return;
        yield { run: runToProto(run) };
        if (run.state !== "running") return;
      }
    },
  };
}

const objectFromProto = ({ url, etag, bytes }: InputObject) => ({ url, etag, bytes: Number(bytes) });

/** A service forwards the decision of its own caller. For any other caller, the actor is the caller. */
function overrideFromProto(override: ProtoOverride | undefined, context: HandlerContext): Override | null {
  if (!override) return null;
  const caller = callerOf(context);
  const reason = typedText(override.reason);
  return { reason, actor: (caller.roles.has("service") && override.actor) || actorOf(caller) };
}

function startedToProto(started: StartedRun): MessageInitShape<typeof StartRunResponseSchema> {
  const { run, lease, receivedChunks, begunAnew, sameSourceWeek } = started;
  return {
    run: runToProto(run),
    ...(lease && { lease: { runId: lease.runId, fence: BigInt(lease.fence) } }),
    receivedChunks: [...receivedChunks],
    begunAnew,
    ...(run.approved && { approved: decisionToProto(run.approved) }),
    ...comparisonToProto(started),
    sameSourceWeek,
  };
}

function comparisonToProto({ previous, previousProfile, otherInputs }: InputComparison) {
  return {
    previousProfile: profileToProto(previousProfile),
    previousWeek: previous?.isoWeek ?? "",
    previousSuppliers: BigInt(previous?.suppliers ?? 0),
    ...(previous && previous.rowsRead !== null && { previousRows: BigInt(previous.rowsRead) }),
    otherInputs: otherInputs.map(({ week, ...digests }) => ({ isoWeek: week, ...digests })),
  };
}
