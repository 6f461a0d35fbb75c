import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import type { QueuedEvent } from "@bellwether/mesh/policies/audit-queue";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { AliasEvent } from "../domain/alias-event.ts";
import type { GateEvent } from "../domain/gate-event.ts";
import type { SnapshotEvent } from "../domain/old-snapshots.ts";
import type { VersionEvent } from "../domain/removed-version.ts";
import type { RetrainEvent } from "../domain/retrain-event.ts";
import { PeerRejectedError } from "../domain/scheduler-error.ts";
import { callPeer } from "./peer-error.ts";

/** AppendEvents is a client stream, for which the transport sets no deadline. */
const TIMEOUT_MS = 10_000;

/**
 * Creates a function that appends at most 500 events to the audit log of ops-service. Sending an event twice
 * stores it once, also when the second one has other details: ids are computed from what was done, and the log keeps the
 * first report of it.
 * @throws PeerUnavailableError, PeerRejectedError
 */
export function createOpsSink(transport: Transport) {
  const audit = createClient(AuditService, transport);
  return async (
    reported: readonly (AliasEvent | GateEvent | SnapshotEvent | VersionEvent | RetrainEvent)[],
    signal: AbortSignal,
  ): Promise<void> => {
    const events = reported.map(({ occurredAtMs, payload, ...event }) => ({
      ...event,
      occurredAt: timestampFromMs(occurredAtMs),
      payloadJson: JSON.stringify(payload),
    }));
    const append = (some: typeof events): Promise<unknown> =>
      callPeer("ops-service", audit.appendEvents(single({ events: some }), { signal, timeoutMs: TIMEOUT_MS }));
    try {
      await append(events);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Nothing of the message was recorded.
      for (const event of events)
        await append([event]).catch((alone: unknown) => {
          if (!isConflict(alone)) throw alone;
        });
    }
  };
}

/** Whether the log has another event with the id of one of the events. */
function isConflict(error: unknown): boolean {
  if (!(error instanceof PeerRejectedError) || !(error.cause instanceof ConnectError)) return false;
  return error.cause.code === Code.AlreadyExists;
}

/**
 * Creates a function that appends the events of calls. What the log rejects can never be stored, and is dropped.
 * @throws PeerUnavailableError
 */
export function createCallSink(transport: Transport, onRejected: (error: unknown) => void) {
  const audit = createClient(AuditService, transport);
  return async (queued: readonly QueuedEvent[], signal: AbortSignal): Promise<void> => {
    const events = queued.map(({ occurredAtMs, ...event }) => ({
      ...event,
      occurredAt: timestampFromMs(occurredAtMs),
    }));
    try {
      await callPeer("ops-service", audit.appendEvents(single({ events }), { signal, timeoutMs: TIMEOUT_MS }));
    } catch (error) {
      if (!(error instanceof PeerRejectedError)) throw error;
      onRejected(error);
    }
  };
}

async function* single<T>(message: T): AsyncGenerator<T> {
  yield message;
}
