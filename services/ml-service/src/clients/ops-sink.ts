import type { AuditEventSchema } from "@bellwether/gen/bellwether/ops/v1/audit_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { createMeshTransport } from "@bellwether/mesh/client/mesh-transport";
import { type PeerEnv, peerSettings } from "@bellwether/mesh/server/server-env";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import type { SpooledEvent } from "../domain/audit-event.ts";
import { SinkRejectedError, type SpooledEventDestination } from "../domain/audit-ports.ts";
import { joinObjects } from "../domain/join-objects.ts";

/**
 * Deadline of a call. AppendEvents has no default deadline, so that without this one a peer that never
 * answers would block all events forever.
 */
const TIMEOUT_MS = 10_000;

/** The limit of AppendEventsRequest. */
const MAX_EVENTS = 500;

/** The address of ops-service, and the credentials of this service for it. */
export interface OpsSinkSettings {
  readonly url: string;
  /** Null: none. */
  readonly access: PeerEnv | null;
}

/** Opens the audit log of ops-service. */
export function openOpsSink({ url, access }: OpsSinkSettings): SpooledEventDestination {
  const transport = createMeshTransport({ url, ...(access && peerSettings(access)) });
  const audit = createClient(AuditService, transport);
  return {
    maxEvents: MAX_EVENTS,
    async send(events, signal) {
      try {
        await audit.appendEvents(single({ events: events.map(eventToProto) }), { signal, timeoutMs: TIMEOUT_MS });
      } catch (cause) {
        if (!(cause instanceof ConnectError) || !canNeverBeStored(cause)) throw cause;
        throw new SinkRejectedError(cause.rawMessage, { cause });
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** A role that is missing can be granted later; events of a kind that this service may not report are rejected for good. */
function canNeverBeStored(error: ConnectError): boolean {
  const { code } = error;
  if (code === Code.InvalidArgument || code === Code.AlreadyExists) return true;
  return code === Code.PermissionDenied && error.findDetails(ErrorInfoSchema)[0]?.reason === "AUDIT_KIND";
}

async function* single<T>(message: T): AsyncGenerator<T> {
  yield message;
}

/** Place and payload are hashed together by the audit log, so that a changed sequence shows. */
function eventToProto(event: SpooledEvent): MessageInitShape<typeof AuditEventSchema> {
  const { eventId, kind, actor, subject, occurredAtMs, payloadJson: payload, producer, sequence } = event;
  const payloadJson = sequence === null ? payload : joinObjects(payload, JSON.stringify({ producer, sequence }));
  return { eventId, kind, actor, subject, occurredAt: timestampFromMs(occurredAtMs), payloadJson };
}
