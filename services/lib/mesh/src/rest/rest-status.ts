import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";

/** Reasons with a more precise HTTP status than the status of their code. */
const STATUS_OF_REASON: ReadonlyMap<string, number> = new Map([
  // BODY_TIMEOUT: the status of its code, 504, would mean an error of the server.
  ["BODY_TIMEOUT", 408],
  // MESSAGE_TOO_LARGE: the status of its code, 429, would mean that the same request may be sent again later.
  ["MESSAGE_TOO_LARGE", 413],
  // UNKNOWN_ENCODING: the status of its code, 501, would mean that the method is not supported.
  ["UNKNOWN_ENCODING", 415],
]);

/**
 * Returns the HTTP status of an error at a REST path: by its reason if listed, else by its code as in
 * Connect.
 */
export function restStatus(error: ConnectError): number {
  const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
  return STATUS_OF_REASON.get(reason) ?? codeToHttpStatus(error.code);
}
