import { callLimits } from "@bellwether/mesh/call/call-limits";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";

/** How often a call is attempted, and the pauses between the attempts. gRPC allows at most 5 attempts. */
const RETRY_POLICY = {
  maxAttempts: 4,
  initialBackoff: "0.2s",
  maxBackoff: "5s",
  backoffMultiplier: 2,
  retryableStatusCodes: ["UNAVAILABLE"],
};

/**
 * Returns the service config of gRPC for these services: the longest deadline that each RPC allows, and retries of the
 * RPCs that are idempotent. gRPC repeats a stream only while no message of it has arrived.
 */
export function grpcServiceConfig(services: readonly DescService[]): object {
  return { methodConfig: services.flatMap((service) => service.methods.map(methodConfig)) };
}

function methodConfig(method: DescMethod): object {
  const { maxTimeoutMs, openEnded } = callLimits(method);
  return {
    name: [{ service: method.parent.typeName, method: method.name }],
    // gRPC takes the shorter of this and the deadline of the call. A shorter one here would end calls that may take longer.
    ...(!openEnded && { timeout: `${maxTimeoutMs / 1_000}s` }),
    ...(method.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN && { retryPolicy: RETRY_POLICY }),
  };
}
