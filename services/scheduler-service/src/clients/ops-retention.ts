import { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import type { KeptSnapshots } from "../domain/old-snapshots.ts";
import { callPeer } from "./peer-error.ts";

/**
 * Creates a function that reads from ops-service, for each model with a complete week, which snapshots are kept.
 * @throws PeerUnavailableError, PeerRejectedError
 */
export function createOpsRetention(transport: Transport) {
  const retention = createClient(RetentionService, transport);
  return async (signal: AbortSignal): Promise<readonly KeptSnapshots[]> => {
    const { snapshotWeeks, models } = await callPeer("ops-service", retention.getRetention({}, { signal }));
    return models.map(({ modelName, oldestSnapshotWeek }) => ({
      ...{ modelName, oldestWeek: oldestSnapshotWeek, weeks: snapshotWeeks },
    }));
  };
}
