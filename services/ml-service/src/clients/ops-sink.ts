import type { AuditEventSchema } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { AuditEvent } from "../domain/audit-event.ts";
import { type AppendToSink, SinkRejectedError } from "../domain/audit-ports.ts";

/**
 * Deadline of a call. AppendEvents has no default deadline, so that without this one a peer that never
 * answers would block all events forever.
 */
const TIMEOUT_MS = 10_000;

/** Appends events to the audit log of ops-service; at most 500 events per call. */
export function createOpsSink(transport: Transport): AppendToSink {
  const audit = createClient(AuditService, transport);
  return async (events, signal) => {
    try {
      await audit.appendEvents(single({ events: events.map(eventToProto) }), { signal, timeoutMs: TIMEOUT_MS });
    } catch (cause) {
      if (!(cause instanceof ConnectError) || cause.code !== Code.InvalidArgument) throw cause;
      throw new SinkRejectedError(cause.rawMessage, { cause });
    }
  };
}

async function* single<T>(message: T): AsyncGenerator<T> {
  yield message;
}

function eventToProto(event: AuditEvent): MessageInitShape<typeof AuditEventSchema> {
  const { eventId, kind, actor, subject, occurredAtMs, payload } = event;
  const payloadJson = JSON.stringify(payload);
  return { eventId, kind, actor, subject, occurredAt: timestampFromMs(occurredAtMs), payloadJson };
}
