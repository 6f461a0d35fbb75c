import type { CallOptions, HandlerContext } from "@connectrpc/connect";
import { callerOf } from "../call/caller.ts";

/** What a handler keeps of its own time to answer after a call further on has run out of it. */
const KEPT_MS = 50;

/**
 * Options for a call that a handler makes on behalf of its own: ends when the caller goes, and 50 ms before the caller's deadline.
 * Work that must outlive the call (an audit event) goes without.
 */
export function propagateContext({ signal, timeoutMs }: Pick<HandlerContext, "signal" | "timeoutMs">): CallOptions {
  const leftMs = timeoutMs();
  // 0 and less mean "no deadline" to a transport: a late call gets the shortest one instead.
  return leftMs === undefined ? { signal } : { signal, timeoutMs: Math.max(1, leftMs - KEPT_MS) };
}

/**
 * As `propagateContext`, and in the caller's own name where the caller came with a token: the peer sees who asks. Anybody else's call is made
 * in this service's name.
 */
export function propagateContextAsCaller(context: HandlerContext): CallOptions {
  const token = callerOf(context).via === "token" ? context.requestHeader.get("authorization") : null;
  return { ...propagateContext(context), ...(token !== null && { headers: { authorization: token } }) };
}
