import { DriftOutcome, DriftReference, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import type { NewestWeek } from "../domain/retrain-due.ts";
import { callPeer } from "./peer-error.ts";

const PEER = "ops-service";
/** Number of runs among which the newest complete week is looked for: more than a year of one model. */
const PAGE_SIZE = 200;

/**
 * Creates a function that reads the newest complete week of a model from the ledger, with its drift alarms against the training rows;
 * null when no week is complete.
 * @throws PeerUnavailableError, PeerRejectedError
 */
export function createNewestWeek(transport: Transport, modelName: string) {
  const batch = createClient(BatchService, transport);
  return async (signal: AbortSignal): Promise<NewestWeek | null> => {
    const { runs } = await callPeer(PEER, batch.listRuns({ pageSize: PAGE_SIZE }, { signal }));
    const complete = runs.filter((run) => run.modelName === modelName && run.state === RunState.COMPLETE);
    const isoWeek = complete.reduce((newest, run) => (run.isoWeek > newest ? run.isoWeek : newest), "");
    if (isoWeek === "") return null;
    // The list has no comparisons.
    const { run } = await callPeer(PEER, batch.getRun({ isoWeek, modelName }, { signal }));
    const alarms = (run?.drift ?? []).filter(({ comparisons }) =>
      comparisons.some(
        ({ reference, outcome }) => reference === DriftReference.TRAINING && outcome === DriftOutcome.ALARM,
      ),
    );
    return { week: isoWeek, driftAlarms: alarms.map(({ feature }) => feature) };
  };
}
