import type { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { ReplayRunRequestSchema } from "@bellwether/gen/bellwether/ops/v1/replay_pb";
import { pageTokens } from "@bellwether/mesh/call/page-token";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { DecisionNotFoundError, RunNotFoundError, ScoreNotFoundError } from "../../domain/ops-error.ts";
import { type RecordedEvent, replayDecision } from "../../domain/replay/replay-decision.ts";
import { replayChunk, type StoredChunk } from "../../domain/replay/replay-run.ts";
import type { ReplayScores } from "../../domain/replay/replay-scores.ts";
import type { Run } from "../../domain/scores/run.ts";
import { comparisonToProto } from "../messages/comparison-to-proto.ts";
import { suppliersOfBatch } from "../messages/kept-batch.ts";
import { rowFromText } from "../page-token.ts";

export interface ReplayHandlerDependencies {
  /** Finds the event that recorded a prediction, or the event itself. Null: there is none. */
  readonly findRecordedEvent: (id: string) => Promise<RecordedEvent | null>;
  readonly findLatestRun: (which: { isoWeek?: string; modelName?: string }) => Promise<Run | undefined>;
  /** Reads the first chunk of a run after `chunk`; only the row of the supplier, unless its id is empty. */
  readonly readStoredChunk: (runId: number, chunk: number, supplierId: string) => Promise<StoredChunk | null>;
  /** Returns the function that computes scores again on behalf of the caller. */
  readonly replayScores: (context: HandlerContext) => ReplayScores;
}

/** The RPCs of AuditService that compute recorded decisions again. */
export type ReplayHandlers = Pick<ServiceImpl<typeof AuditService>, "replayPrediction" | "replayRun">;

/** Chunk numbers have 16 bits in the database. */
const MAX_CHUNK = 2 ** 15 - 1;

/** Returns the handlers of AuditService that compute recorded decisions again. */
export function replayHandlers(deps: ReplayHandlerDependencies): ReplayHandlers {
  return {
    async replayPrediction({ id }, context) {
      const event = await deps.findRecordedEvent(id.toLowerCase());
      if (event === null) throw new DecisionNotFoundError(id);
      const { eventId, sequence, kind, subject: supplierId } = event.record;
      const replayScores = deps.replayScores(context);
      const replayed = await replayDecision(event, { replayScores, readBatch: suppliersOfBatch });
      return {
        comparison: comparisonToProto(replayed.comparison),
        ...{ eventId, kind, supplierId, sequence: BigInt(sequence) },
        ...(replayed.recordedRiskScore !== null && { recordedRiskScore: replayed.recordedRiskScore }),
        ...(replayed.replayedRiskScore !== null && { replayedRiskScore: replayed.replayedRiskScore }),
      };
    },
    async replayRun(request, context) {
      const { isoWeek, modelName, supplierId, pageToken } = request;
      const run = await deps.findLatestRun({
        ...(isoWeek !== "" && { isoWeek }),
        ...(modelName !== "" && { modelName }),
      });
      if (run?.state !== "complete")
        throw new RunNotFoundError(
          `a complete run of ${isoWeek || "the latest week"}${modelName && ` by ${modelName}`}`,
        );
      const tokens = pageTokens(ReplayRunRequestSchema, request, String(run.id));
      const [last] = tokens.read(pageToken, 1) ?? [];
      const readChunk = async (runId: number, chunk: number): Promise<StoredChunk | null> => {
        const stored = await deps.readStoredChunk(runId, chunk, supplierId);
        if (stored !== null && supplierId !== "" && stored.rows.length === 0)
          throw new ScoreNotFoundError(supplierId, run.modelName, `in ${run.isoWeek}`);
        return stored;
      };
      const after = last === undefined ? -1 : rowFromText(last, MAX_CHUNK);
      const { comparison, chunk } = await replayChunk(run, after, {
        replayScores: deps.replayScores(context),
        readChunk,
      });
      const isLast = chunk === null || supplierId !== "" || chunk >= (run.chunksTotal ?? 0) - 1;
      return {
        comparison: comparisonToProto(comparison),
        ...{ isoWeek: run.isoWeek, modelName: run.modelName, runId: run.id },
        rowsScored: BigInt(run.rowsScored),
        nextPageToken: isLast ? "" : tokens.write([chunk]),
      };
    },
  };
}
