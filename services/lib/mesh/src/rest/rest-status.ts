import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";

/** Reasons for which HTTP has a status that says more than the one of their code. */
const STATUS_OF_REASON: ReadonlyMap<string, number> = new Map([
  // 504 would blame the server.
  ["BODY_TIMEOUT", 408],
  // 429 would say that the same request may be sent later.
  ["MESSAGE_TOO_LARGE", 413],
  // 501 would blame the method.
  ["UNKNOWN_ENCODING", 415],
]);

/** HTTP status of an error at a REST path: of its reason, else of its code as Connect has it. */
export function restStatus(error: ConnectError): number {
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  return STATUS_OF_REASON.get(reason) ?? codeToHttpStatus(error.code);
}
