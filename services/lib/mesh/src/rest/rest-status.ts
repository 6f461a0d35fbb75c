import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";

/** Reasons with a more precise HTTP status than the status of their code. */
const STATUS_OF_REASON: ReadonlyMap<string, number> = new Map([
  // The code's status 504 would blame the server.
  ["BODY_TIMEOUT", 408],
  // The code's status 429 would mean that the same request may be sent again later.
  ["MESSAGE_TOO_LARGE", 413],
  // The code's status 501 would blame the method.
  ["UNKNOWN_ENCODING", 415],
]);

/** HTTP status of an error at a REST path: by its reason if listed, else by its code as in Connect. */
export function restStatus(error: ConnectError): number {
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  return STATUS_OF_REASON.get(reason) ?? codeToHttpStatus(error.code);
}
