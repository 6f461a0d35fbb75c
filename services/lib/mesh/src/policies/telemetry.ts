import { createRpcDurations } from "@bellwether/telemetry/rpc-metrics";
import { endCallTrace, traceServerCall } from "@bellwether/telemetry/rpc-spans";
import type { Call } from "../call.ts";
import { codeName, isServerFault } from "../code-name.ts";
import type { Policy } from "../policy.ts";

/** A SERVER span for every recorded trace, and `rpc.server.call.duration` for every call. First in the chain: it sees every end. */
export function telemetryPolicy(sampleRatio: number): Policy {
  const durations = createRpcDurations("server");
  return {
    open(call) {
      call.startedAt = performance.now();
      const traced = traceServerCall({ system: systemOf(call), method: call.bound.name }, call, sampleRatio);
      call.trace = traced?.context;
      call.span = traced?.span;
    },
    close(call, error) {
      const code = codeName(error);
      durations.record(systemOf(call), call.bound.name, code, performance.now() - call.startedAt);
      endCallTrace(call.span, { code, isError: error !== undefined && isServerFault(error.code) });
    },
  };
}

/** The protocol by the names of OpenTelemetry's conventions. */
function systemOf(call: Call): string {
  return call.protocolName === "connect" ? "connectrpc" : call.protocolName;
}
