import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import type { AliasEvent } from "../domain/alias-event.ts";
import { callPeer } from "./peer-error.ts";

/** AppendEvents is open-ended and sets no deadline itself. */
const TIMEOUT_MS = 10_000;

/** Appends events, at most 500, to ops-service's trail, each once however often it comes. @throws PeerUnavailableError, PeerRejectedError */
export function createOpsSink(transport: Transport) {
  const audit = createClient(AuditService, transport);
  return async (reported: readonly AliasEvent[], signal: AbortSignal): Promise<void> => {
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
