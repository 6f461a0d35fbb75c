import { Code, ConnectError } from "@connectrpc/connect";
import { PeerRejectedError, PeerUnavailableError } from "../domain/scheduler-error.ts";

/** Codes of a peer that may answer otherwise in a moment. */
const PASSING: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted]);

/** Calls a peer and gives its error the meaning that it has for the run. @throws PeerUnavailableError, PeerRejectedError */
export async function callPeer<T>(peer: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (!(cause instanceof ConnectError) || cause.code === Code.Canceled) throw cause;
    if (PASSING.has(cause.code)) throw new PeerUnavailableError(peer, shortReason(cause.rawMessage), { cause });
    throw new PeerRejectedError(peer, cause.rawMessage, { cause });
  }
}

/** grpc-js wraps the system's word in three sentences. */
const shortReason = (text: string): string => /connect E[A-Z]+ \S*[^\s.]/.exec(text)?.[0] ?? text;
