import { ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { PeerRejectedError, PeerUnavailableError } from "../domain/scheduler-error.ts";

/** Codes of temporary errors: the same call may succeed later. */
const PASSING: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted]);

/** The text of a message that exceeds the limit of its RPC. The same message fails again. */
const TOO_LARGE = /larger than (the|max) \(?\d+/;

/**
 * Calls a peer and converts its error to an error of the run. @throws PeerUnavailableError, PeerRejectedError
 */
export async function callPeer<T>(peer: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (!(cause instanceof ConnectError) || cause.code === Code.Canceled) throw cause;
    // Only the messages of chunks are large.
    if (cause.code === Code.ResourceExhausted && TOO_LARGE.test(cause.rawMessage))
      throw new PeerRejectedError(peer, `${cause.rawMessage}; set a smaller WEEKLY_CHUNK_ROWS`, { cause });
    if (PASSING.has(cause.code)) {
      const retryAfterMs = retryTimeOf(cause);
      throw new PeerUnavailableError(peer, shortReason(cause.rawMessage), {
        cause,
        ...(retryAfterMs !== null && { retryAfterMs }),
      });
    }
    // The other codes are about the run, the caller or the model.
    const quotesRows = cause.code === Code.InvalidArgument || cause.code === Code.OutOfRange;
    throw new PeerRejectedError(peer, cause.rawMessage, { cause, quotesRows });
  }
}

/**
 * Returns the time after which the peer may be called again, ms. Null: the peer did not answer. Errors of the channel
 * have no details.
 */
function retryTimeOf(cause: ConnectError): number | null {
  const [retry] = cause.findDetails(RetryInfoSchema);
  if (retry?.retryDelay) return Math.max(0, durationMs(retry.retryDelay));
  return cause.findDetails(ErrorInfoSchema).length > 0 || cause.code === Code.ResourceExhausted ? 1_000 : null;
}

/**
 * Extracts the system's error, for example "connect ECONNREFUSED 127.0.0.1:9080", from the longer message of
 * grpc-js.
 */
const shortReason = (text: string): string => /connect E[A-Z]+ \S*[^\s.]/.exec(text)?.[0] ?? text;
