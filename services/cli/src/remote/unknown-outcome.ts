import { Code, ConnectError } from "@connectrpc/connect";

/** Codes of errors after which the call may have been performed. */
const UNKNOWN_OUTCOME: ReadonlySet<Code> = new Set([
  ...[Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Unknown, Code.Internal, Code.DataLoss],
]);

/** Whether the call that failed may have been performed. @param error from `PeerClient.answer`, with its cause */
export const hasUnknownOutcome = (error: Error): boolean => UNKNOWN_OUTCOME.has(ConnectError.from(error.cause).code);
