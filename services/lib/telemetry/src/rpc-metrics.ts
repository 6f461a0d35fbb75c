import { type Attributes, type Histogram, metrics, ROOT_CONTEXT } from "@opentelemetry/api";

/** Records durations of calls by method and code. */
export interface RpcDurations {
  record(system: string, method: string, code: string, durationMs: number): void;
}

/** Bounds of OpenTelemetry's RPC conventions, in seconds. */
const BOUNDS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `rpc.server.call.duration` or `rpc.client.call.duration` in seconds. */
export function createRpcDurations(side: "server" | "client"): RpcDurations {
  let histogram: Histogram | undefined;
  // One frozen object per protocol, method and code: methods come from contracts and codes are seventeen, so it stays small.
  const known = new Map<string, Attributes>();
  const attributesOf = (system: string, method: string, code: string): Attributes => {
    const key = `${system} ${method} ${code}`;
    let attributes = known.get(key);
    if (!attributes) {
      attributes = Object.freeze({
        "rpc.system.name": system,
        "rpc.method": method,
        "rpc.response.status_code": code,
        ...(code !== "OK" && { "error.type": code }),
      });
      known.set(key, attributes);
    }
    return attributes;
  };
  return {
    record(system, method, code, durationMs) {
      // Made at the first call: the meter provider is registered by then.
      histogram ??= metrics.getMeter("bellwether.rpc").createHistogram(`rpc.${side}.call.duration`, {
        unit: "s",
        description: `Duration of RPCs, seen by the ${side}.`,
        advice: { explicitBucketBoundaries: BOUNDS_S },
      });
      histogram.record(durationMs / 1000, attributesOf(system, method, code), ROOT_CONTEXT);
    },
  };
}
