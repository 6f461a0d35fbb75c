import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import { sendsOwnCredentials } from "@bellwether/mesh/client/propagate-context";
import { ERROR_DOMAIN } from "@bellwether/mesh/errors/rpc-error";
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { ModelServiceUnavailableError } from "../domain/ops-error.ts";

/** A service to which calls are forwarded. */
export interface Peer {
  readonly name: string;
  /** Returns the error of a caller when the service does not answer. */
  readonly unavailable: (cause: unknown) => Error;
}

export const ML_SERVICE: Peer = {
  name: "ml-service",
  unavailable: (cause) => new ModelServiceUnavailableError({ cause }),
};

/** Forwards a call. Errors of the other service are returned unchanged. */
export async function passOn<T>(context: HandlerContext, send: () => Promise<T>, peer = ML_SERVICE): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw forCaller(error, context, peer);
  }
}

/**
 * Codes about the identity of a caller. When this service used its own credentials, they do not concern the
 * caller.
 */
const ABOUT_CALLER: ReadonlySet<Code> = new Set([Code.Unauthenticated, Code.PermissionDenied]);

/**
 * Whether a call that reached its deadline was sent to a replica. grpc-js names the replica's address then; without a
 * replica that answers, it waits for one until the deadline ("Waiting for LB pick").
 */
const isSent = ({ rawMessage }: ConnectError): boolean => rawMessage.includes("remote_addr=");

/**
 * Returns the error of the other service, or that it does not answer. Any other error is an internal one: it
 * stays unchanged, to be logged.
 */
export function forCaller(error: unknown, context: HandlerContext, peer = ML_SERVICE): unknown {
  if (!(error instanceof ConnectError) || !error.isWireError) return error;
  const isSaid = error.findDetails(ErrorInfoSchema).some(({ domain }) => domain === ERROR_DOMAIN);
  if (error.code === Code.Unavailable && !isSaid) return peer.unavailable(error);
  if (!isSaid && error.code === Code.DeadlineExceeded)
    return isSent(error)
      ? new ConnectError(`${peer.name} did not answer within the deadline of the call`, Code.DeadlineExceeded)
      : peer.unavailable(error);
  if (!isSaid) return error;
  if (ABOUT_CALLER.has(error.code) && !sendsOwnCredentials(callerOf(context))) return error;
  const said = new ConnectError(error.rawMessage, error.code);
  said.details = decoded(error);
  return said;
}

const READABLE: readonly DescMessage[] = [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema];

/**
 * Returns the details of an error from the network, decoded where their type is known: Connect's JSON shows only
 * decoded ones in a readable form (`debug`).
 */
function decoded(error: ConnectError): ConnectError["details"] {
  return error.details.flatMap((detail): ConnectError["details"] => {
    const one = new ConnectError("", error.code);
    one.details = [detail];
    const known = READABLE.flatMap((desc) => one.findDetails(desc).map((value) => ({ desc, value })));
    return known.length > 0 ? known : [detail];
  });
}
