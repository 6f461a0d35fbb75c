import type {
  ExplainChangeRequestSchema,
  ExplainChangeResponse,
} from "@bellwether/gen/bellwether/inference/v1/change_pb";
import type {
  CounterfactualRequestSchema,
  CounterfactualResponse,
} from "@bellwether/gen/bellwether/inference/v1/counterfactual_pb";
import {
  type ExplainRequestSchema,
  type ExplainResponse,
  InferenceService,
} from "@bellwether/gen/bellwether/inference/v1/inference_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { propagateContextAsCaller } from "@bellwether/mesh/client/propagate-context";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type HandlerContext, type Transport } from "@connectrpc/connect";
import { VersionGoneError } from "../domain/ops-error.ts";
import { forCaller } from "./pass-on.ts";

/** Explains stored scores with ml-service, with the caller's identity and deadline. */
export interface StoredExplainer {
  /**
   * @throws VersionGoneError when the version is not in the registry, or rejects what it scored: then the registry has
   * other files under its number.
   */
  explain(
    request: MessageInitShape<typeof ExplainRequestSchema>,
    context: HandlerContext,
  ): Promise<readonly ExplainResponse[]>;
  /** @throws VersionGoneError when a version is not in the registry. */
  explainChange(
    request: MessageInitShape<typeof ExplainChangeRequestSchema>,
    context: HandlerContext,
  ): Promise<ExplainChangeResponse>;
  /** @throws VersionGoneError when the version is not in the registry. */
  findCounterfactuals(
    request: MessageInitShape<typeof CounterfactualRequestSchema>,
    context: HandlerContext,
  ): Promise<CounterfactualResponse>;
}

/** Creates the explainer over the connection to ml-service. */
export function createStoredExplainer(transport: Transport): StoredExplainer {
  const ml = createClient(InferenceService, transport);
  const call = async <T>(context: HandlerContext, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (error) {
      throw isGone(error) ? new VersionGoneError(error.rawMessage, { cause: error }) : forCaller(error, context);
    }
  };
  return {
    explain: (request, context) =>
      call(context, async () => {
        try {
          return await Array.fromAsync(ml.explain(request, propagateContextAsCaller(context)));
        } catch (error) {
          if (!(error instanceof ConnectError) || error.code !== Code.InvalidArgument) throw error;
          const version = `${request.model?.modelName} ${request.model?.modelVersion}`;
          const reason = `${version} has other files in the registry now, which reject the stored values (${error.rawMessage})`;
          throw new VersionGoneError(reason, { cause: error });
        }
      }),
    explainChange: (request, context) =>
      call(context, () => ml.explainChange(request, propagateContextAsCaller(context))),
    findCounterfactuals: (request, context) =>
      call(context, () => ml.counterfactual(request, propagateContextAsCaller(context))),
  };
}

const GONE: ReadonlySet<string> = new Set(["VERSION_NOT_FOUND", "MODEL_NOT_FOUND"]);

const isGone = (error: unknown): error is ConnectError =>
  error instanceof ConnectError && error.findDetails(ErrorInfoSchema).some(({ reason }) => GONE.has(reason));
