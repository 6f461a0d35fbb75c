import { Code, ConnectError } from "@connectrpc/connect";
import { problemOf } from "../rpc/problem.ts";

/** Codes whose message says what is wrong and what can be done. */
const SAID: ReadonlySet<Code> = new Set([
  ...[Code.InvalidArgument, Code.FailedPrecondition, Code.Aborted, Code.NotFound, Code.ResourceExhausted],
]);

/** Says why a change of the rules failed. */
export function failureText(error: unknown): string {
  const { code, rawMessage } = ConnectError.from(error);
  if (SAID.has(code)) return `Nothing was changed: ${rawMessage}.`;
  const { title, wayOut } = problemOf(error);
  return `${title}. ${wayOut} What you typed is kept.`;
}
