import type { CallOptions, HandlerContext } from "@connectrpc/connect";
import { ON_BEHALF_HEADER, onBehalfOf } from "../auth/on-behalf.ts";
import { type Caller, callerOf } from "../call/caller.ts";

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
 * Like `propagateContext`, and so that the peer sees the original caller: forwards the caller's token or API key.
 * A session is valid at this service only: the call is then made with this service's credentials, and a header
 * names the person. For a caller with a certificate or without credentials, the call is made in this service's
 * name.
 */
export function propagateContextAsCaller(context: HandlerContext): CallOptions {
  const caller = callerOf(context);
  const options = propagateContext(context);
  if (caller.via === "session") return { ...options, headers: { [ON_BEHALF_HEADER]: onBehalfOf(caller) } };
  const authorization = sendsOwnCredentials(caller) ? context.requestHeader.get("authorization") : null;
  return { ...options, ...(authorization !== null && { headers: { authorization } }) };
}

/** Whether the credentials of a caller are valid at other services too, so that they are forwarded. */
export function sendsOwnCredentials({ via }: Pick<Caller, "via">): boolean {
  return via === "token" || via === "key";
}
