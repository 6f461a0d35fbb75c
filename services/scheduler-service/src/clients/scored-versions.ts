import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import { callPeer } from "./peer-error.ts";

const PEER = "ops-service";
const PAGE_SIZE = 200;

/**
 * Creates a function that returns a run of the ledger which a version has scored, for example "run 42 of 2026-W47"; null when there
 * is none. @throws PeerUnavailableError, PeerRejectedError
 */
export function createFindScoredRun(transport: Transport) {
  const batch = createClient(BatchService, transport);
  return async (modelName: string, version: string, signal: AbortSignal): Promise<string | null> => {
    let pageToken = "";
    do {
      const page = await callPeer(PEER, batch.listRuns({ pageSize: PAGE_SIZE, pageToken }, { signal }));
      const run = page.runs.find(({ model }) => model?.name === modelName && model.version === version);
      if (run !== undefined) return `run ${run.runId} of ${run.isoWeek}`;
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return null;
  };
}
