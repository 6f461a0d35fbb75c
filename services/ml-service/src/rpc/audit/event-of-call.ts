import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { Call } from "@bellwether/mesh/call/call";
import { actorOf } from "@bellwether/mesh/call/caller";
import { codeName } from "@bellwether/mesh/errors/code-name";
import type { ConnectError } from "@connectrpc/connect";
import { type AuditEvent, storedText } from "../../domain/audit-event.ts";
import { answerFields, keptAnswer } from "./answer-fields.ts";
import { MAX_NAME_BYTES } from "./event-fields.ts";
import { requestFields } from "./request-fields.ts";

/** Returns the function that makes the event of a call. */
export function createEventOfCall(keepsInput: boolean) {
  return (
    call: Call,
    error: ConnectError | undefined,
    eventId: string,
    occurredAtMs: number,
    request = call.firstRequest,
    response = call.firstResponse,
  ): AuditEvent => {
    const answered = answerFields(response, request);
    const sent = requestFields(request, keepsInput && answered.kind !== undefined ? call : null);
    const reason = error && reasonOf(error);
    return {
      eventId,
      kind: answered.kind ?? "call.refused",
      actor: storedText(actorOf(call.caller), MAX_NAME_BYTES) || "unnamed",
      subject: sent.subject ?? "",
      occurredAtMs,
      payload: {
        rpc: call.bound.name,
        protocol: call.protocolName,
        code: codeName(error),
        ...(reason !== undefined && { reason }),
        ...sent.payload,
        ...answered.payload,
        ...keptAnswer(sent.payload?.input, request, response),
      },
    };
  };
}

/** Returns `ErrorInfo.reason` of an error. */
export function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}
