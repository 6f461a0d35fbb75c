import type { ServerHttp2Session } from "node:http2";

/**
 * Connections whose calls are handled at once: at least one of their calls was still open in the iteration of the
 * event loop after its arrival, and none was rejected before its caller was known since then.
 */
const verified = new WeakSet<ServerHttp2Session>();

export function isVerified(session: ServerHttp2Session): boolean {
  return verified.has(session);
}

export function markVerified(session: ServerHttp2Session): void {
  verified.add(session);
}

/** Called with the connection of a request that was rejected before its caller was known. */
export function clearVerified(session: ServerHttp2Session | undefined): void {
  if (session) verified.delete(session);
}
