import type { GetReplicaStatusResponse } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useQuery } from "@tanstack/react-query";

/** What is said of a model that ml-service is not configured for. */
export const NOT_CONFIGURED =
  "ml-service has no folder of this model in its configuration: it loads a version of the model only when a call names the model.";

/** Number of calls: the server distributes them over its replicas in turn. */
export const REPLICA_CALLS = 6;

/**
 * Calls several times, one after the other, and returns one answer of each replica, in the order of their names.
 * @throws the error of the last call when no call succeeds
 */
export async function askReplicas<T extends { readonly replica: string }>(ask: () => Promise<T>): Promise<T[]> {
  const found = new Map<string, T>();
  let failure: unknown;
  for (let i = 0; i < REPLICA_CALLS; i++) {
    try {
      const answer = await ask();
      found.set(answer.replica, answer);
    } catch (error) {
      failure = error;
      // Each failure can take as long as the deadline.
      if (found.size === 0) break;
    }
  }
  if (found.size === 0) throw failure;
  return [...found.values()].sort((a, b) => (a.replica < b.replica ? -1 : 1));
}

/** What each replica of ml-service serves of a model. @param modelName "": the default model */
export function useReplicas(modelName: string) {
  const transport = useTransport();
  return useQuery<GetReplicaStatusResponse[]>({
    queryKey: ["replicas", modelName],
    queryFn: ({ signal }) =>
      askReplicas(() =>
        callUnaryMethod(transport, ModelRegistryService.method.getReplicaStatus, { modelName }, { signal }),
      ),
  });
}
