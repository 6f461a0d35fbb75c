import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { PeerRefusedError, RunFencedError } from "../domain/scheduler-error.ts";
import type { Ledger } from "../domain/weekly-ports.ts";
import { attributesToProto } from "./chunk-to-proto.ts";
import { callPeer } from "./peer-error.ts";

const PEER = "ops-service";
/** FailRun's longest reason, bytes of UTF-8; a character has at most four. */
const MAX_REASON_CHARACTERS = 500;

/** ops-service as the ledger of one model's weekly runs. */
export function createOpsLedger(transport: Transport, modelName: string): Ledger {
  const batch = createClient(BatchService, transport);
  return {
    async start(week, holder) {
      const { run, lease, receivedChunks } = await callPeer(PEER, batch.startRun({ isoWeek: week, modelName, holder }));
      if (!run) throw new PeerRefusedError(PEER, "it started no run");
      return { run, lease: lease ?? null, receivedChunks };
    },
    async isComplete(week) {
      const found = batch.getRun({ isoWeek: week, modelName }).catch((error: unknown) => {
        if (error instanceof ConnectError && error.code === Code.NotFound) return null;
        throw error;
      });
      return (await callPeer(PEER, found))?.run?.state === RunState.COMPLETE;
    },
    async report(lease, { rowsRead, rowsRejected, ...news }) {
      const counts = {
        ...(rowsRead !== undefined && { rowsRead: BigInt(rowsRead) }),
        ...(rowsRejected !== undefined && { rowsRejected: BigInt(rowsRejected) }),
      };
      await write(batch.reportProgress({ lease, ...news, ...counts }));
    },
    async submit(lease, chunk, scores, signal) {
      const request = {
        lease,
        chunk: chunk.index,
        supplierIds: [...chunk.supplierIds],
        ...attributesToProto(chunk.attributes),
        scores,
      };
      return write(batch.submitChunk(request, { signal }));
    },
    async complete(lease, { rowsRead, rowsRejected, chunksTotal, drift }) {
      const totals = { rowsRead: BigInt(rowsRead), rowsRejected: BigInt(rowsRejected), chunksTotal };
      const { run } = await write(batch.completeRun({ lease, ...totals, drift: [...drift] }));
      if (!run) throw new PeerRefusedError(PEER, "it completed no run");
      return run;
    },
    async fail(lease, reason) {
      const shown = reason.replaceAll("\0", "").slice(0, MAX_REASON_CHARACTERS) || "unknown";
      await write(batch.failRun({ lease, reason: shown }));
    },
  };
}

/** A write to a run: ABORTED means that the run is another's. */
function write<T>(call: Promise<T>): Promise<T> {
  const fenced = call.catch((error: unknown) => {
    throw error instanceof ConnectError && error.code === Code.Aborted ? new RunFencedError() : error;
  });
  return callPeer(PEER, fenced);
}
