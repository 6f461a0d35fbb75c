import { Code, ConnectError } from "@connectrpc/connect";
import { problemOf } from "./problem.ts";

/** Codes whose message says what prevents a change and what the person can do. */
const SAID: ReadonlySet<Code> = new Set([
  ...[Code.InvalidArgument, Code.FailedPrecondition, Code.Aborted, Code.NotFound, Code.ResourceExhausted],
  ...[Code.DataLoss, Code.PermissionDenied],
]);

/** Says why a change failed. */
export function failureText(error: unknown): string {
  const { code, rawMessage } = ConnectError.from(error);
  if (SAID.has(code)) return `Nothing was changed: ${rawMessage}.`;
  const { title, wayOut } = problemOf(error);
  return `${title}. ${wayOut} What you typed is kept.`;
}
