import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import type { AliasEvent } from "../domain/alias-event.ts";
import type { SnapshotEvent } from "../domain/old-snapshots.ts";
import type { VersionEvent } from "../domain/removed-version.ts";
import type { RetrainEvent } from "../domain/retrain-event.ts";
import { callPeer } from "./peer-error.ts";

/** AppendEvents is a client stream, for which the transport sets no deadline. */
const TIMEOUT_MS = 10_000;

/**
 * Creates a function that appends at most 500 events to the audit log of ops-service. Sending an event twice
 * stores it once.
 * @throws PeerUnavailableError, PeerRejectedError
 */
export function createOpsSink(transport: Transport) {
  const audit = createClient(AuditService, transport);
  return async (
    reported: readonly (AliasEvent | SnapshotEvent | VersionEvent | RetrainEvent)[],
    signal: AbortSignal,
  ): Promise<void> => {
    const events = reported.map(({ occurredAtMs, payload, ...event }) => ({
      ...event,
      occurredAt: timestampFromMs(occurredAtMs),
      payloadJson: JSON.stringify(payload),
    }));
    await callPeer("ops-service", audit.appendEvents(single({ events }), { signal, timeoutMs: TIMEOUT_MS }));
  };
}

async function* single<T>(message: T): AsyncGenerator<T> {
  yield message;
}
