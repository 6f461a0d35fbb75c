import { InferenceService } from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { callerOf } from "@bellwether/mesh/call/caller";
import { propagateContextAsCaller, sendsOwnCredentials } from "@bellwether/mesh/client/propagate-context";
import { ERROR_DOMAIN } from "@bellwether/mesh/errors/rpc-error";
import type { DescMessage } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  type HandlerContext,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import { ModelServiceUnavailableError } from "../domain/ops-error.ts";

/** The RPCs that are forwarded to ml-service. Callers send batches in columns to ml-service directly. */
type PassedOn = Pick<
  ServiceImpl<typeof InferenceService>,
  "predict" | "predictRows" | "explain" | "explainChange" | "explainModel" | "counterfactual"
>;

/**
 * Forwards Predict, PredictRows, Explain, ExplainChange, ExplainModel and Counterfactual to ml-service, with the caller's identity
 * and deadline. Errors of ml-service are returned unchanged.
 */
export function passOnInference(transport: Transport): PassedOn {
  const ml = createClient(InferenceService, transport);
  const passOn = async <T>(context: HandlerContext, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      throw forCaller(error, context);
    }
  };
  return {
    predict: (request, context) => passOn(context, () => ml.predict(request, propagateContextAsCaller(context))),
    predictRows: (request, context) =>
      passOn(context, () => ml.predictRows(request, propagateContextAsCaller(context))),
    explainChange: (request, context) =>
      passOn(context, () => ml.explainChange(request, propagateContextAsCaller(context))),
    explainModel: (request, context) =>
      passOn(context, () => ml.explainModel(request, propagateContextAsCaller(context))),
    counterfactual: (request, context) =>
      passOn(context, () => ml.counterfactual(request, propagateContextAsCaller(context))),
    async *explain(request, context) {
      try {
        yield* ml.explain(request, propagateContextAsCaller(context));
      } catch (error) {
        throw forCaller(error, context);
      }
    },
  };
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
 * Returns the error of ml-service, or that ml-service does not answer. Any other error is an internal one: it
 * stays unchanged, to be logged.
 */
export function forCaller(error: unknown, context: HandlerContext): unknown {
  if (!(error instanceof ConnectError) || !error.isWireError) return error;
  const isSaid = error.findDetails(ErrorInfoSchema).some(({ domain }) => domain === ERROR_DOMAIN);
  if (error.code === Code.Unavailable && !isSaid) return new ModelServiceUnavailableError({ cause: error });
  if (!isSaid && error.code === Code.DeadlineExceeded)
    return isSent(error)
      ? new ConnectError("ml-service did not answer within the deadline of the call", Code.DeadlineExceeded)
      : new ModelServiceUnavailableError({ cause: error });
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
