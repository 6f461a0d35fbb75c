import type { CallOptions, HandlerContext } from "@connectrpc/connect";
import { callerOf } from "../call/caller.ts";

/** Time that a handler keeps to answer its own client after the call to a peer has timed out. */
const KEPT_MS = 50;

/**
 * Options for a call that a handler makes on behalf of its own call. The new call ends when the caller
 * cancels, and 50 ms before the caller's deadline. Do not use it for work that must outlive the call, such as
 * an audit event.
 */
export function propagateContext({ signal, timeoutMs }: Pick<HandlerContext, "signal" | "timeoutMs">): CallOptions {
  const leftMs = timeoutMs();
  // A transport takes 0 or less as "no deadline": a late call gets the shortest deadline instead.
  return leftMs === undefined ? { signal } : { signal, timeoutMs: Math.max(1, leftMs - KEPT_MS) };
}

/**
 * Like `propagateContext`, and forwards the caller's token, if the caller sent one, so that the peer sees the
 * original caller. Without a token the call is made in this service's name.
 */
export function propagateContextAsCaller(context: HandlerContext): CallOptions {
  const token = callerOf(context).via === "token" ? context.requestHeader.get("authorization") : null;
  return { ...propagateContext(context), ...(token !== null && { headers: { authorization: token } }) };
}
