import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { propagateContextAsCaller } from "@bellwether/mesh/client/propagate-context";
import { ConnectError, createClient, type HandlerContext, type Transport } from "@connectrpc/connect";
import { forCaller } from "./pass-on.ts";

/**
 * Returns a function that says whether the registry of ml-service has a version of a model.
 * It throws ModelServiceUnavailableError, and the errors of ml-service.
 */
export function createModelFinder(
  transport: Transport,
): (modelName: string, context: HandlerContext) => Promise<boolean> {
  const registry = createClient(ModelRegistryService, transport);
  return async (modelName, context) => {
    try {
      await registry.listVersions({ modelName, pageSize: 1 }, propagateContextAsCaller(context));
      return true;
    } catch (error) {
      if (isUnknown(error)) return false;
      throw forCaller(error, context);
    }
  };
}

/** Reasons of an error about a model that is not there, or whose name no model can have. */
const UNKNOWN: ReadonlySet<string> = new Set(["MODEL_NOT_FOUND", "REGISTRY_NAME"]);

const isUnknown = (error: unknown): boolean =>
  error instanceof ConnectError && error.findDetails(ErrorInfoSchema).some(({ reason }) => UNKNOWN.has(reason));
