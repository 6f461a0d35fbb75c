import { MAX_REASON_CHARACTERS, oneLine } from "@bellwether/contract/reason-text";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { CatchUpDeps, WeekRecord } from "../domain/catch-up.ts";
import { callPeer } from "./peer-error.ts";

const PEER = "ops-service";
/** Number of runs that are read at a time. They are those of all models. */
const PAGE_SIZE = 60;
/** Reason of ops-service for a model without a run and without a version. */
const MODEL_NOT_FOUND = "MODEL_NOT_FOUND";

const STATES: Readonly<Record<number, WeekRecord["state"]>> = {
  [RunState.RUNNING]: "running",
  [RunState.COMPLETE]: "complete",
  [RunState.FAILED]: "failed",
  [RunState.HELD]: "held",
  [RunState.MISSED]: "missed",
  [RunState.VOIDED]: "voided",
  [RunState.SUPERSEDED]: "superseded",
};

/** Reads and marks the weeks of one model, with ops-service behind it. */
export function createLedgerWeeks(
  transport: Transport,
  modelName: string,
): Pick<CatchUpDeps, "listRecent" | "findWeek" | "recordMissed"> {
  const batch = createClient(BatchService, transport);
  return {
    async listRecent() {
      const { runs } = await callPeer(PEER, batch.listRuns({ pageSize: PAGE_SIZE }));
      return runs.filter((run) => run.modelName === modelName).map(recordFromProto);
    },
    async findWeek(week) {
      const found = batch.getRun({ isoWeek: week, modelName }).catch((error: unknown) => {
        if (error instanceof ConnectError && error.code === Code.NotFound) return null;
        throw error;
      });
      const run = (await callPeer(PEER, found))?.run;
      return run ? recordFromProto(run) : null;
    },
    async recordMissed(week, reason) {
      // The names of files can have line feeds.
      const shown = [...oneLine(reason)].slice(0, MAX_REASON_CHARACTERS).join("");
      const recorded = batch.recordMissedWeek({ isoWeek: week, modelName, reason: shown }).then(
        () => "",
        (error: unknown) => {
          if (error instanceof ConnectError && isModelMissing(error)) return error.rawMessage;
          throw error;
        },
      );
      return await callPeer(PEER, recorded);
    },
  };
}

const isModelMissing = (error: ConnectError): boolean =>
  error.findDetails(ErrorInfoSchema).some(({ reason }) => reason === MODEL_NOT_FOUND);

function recordFromProto(run: BatchRun): WeekRecord {
  return {
    week: run.isoWeek,
    runId: run.runId,
    // A state of a later release: people decide about it.
    state: STATES[run.state] ?? "held",
    sourceDigest: run.sourceDigest,
    configHash: run.configHash,
    approved: run.approved !== undefined,
    progress: [run.state, run.stage, run.rowsRead, run.rowsScored, run.chunksReceived].join(" "),
  };
}
