import { createRpcDurations } from "@bellwether/telemetry/rpc-metrics";
import { endCallTrace, followCallerTrace, traceServerCall } from "@bellwether/telemetry/rpc-spans";
import type { Call } from "../call/call.ts";
import type { Policy } from "../call/policy.ts";
import { codeName, isServerError } from "../errors/code-name.ts";

/**
 * Records a SERVER span for every recorded trace, and `rpc.server.call.duration` for every call. The policy
 * must be first in the chain, so that it sees every end.
 * @param trustsCallers whether a caller's sampled flag is followed at once, before authentication; otherwise `callerTracePolicy` follows it
 */
export function telemetryPolicy(sampleRatio: number, trustsCallers: boolean): Policy {
  const durations = createRpcDurations("server");
  return {
    open(call) {
      call.startedAt = performance.now();
      const traced = traceServerCall(
        { system: systemOf(call), method: call.bound.name },
        call,
        sampleRatio,
        trustsCallers,
      );
      call.trace = traced?.context;
      call.span = traced?.span;
      call.offeredTrace = traced?.offered;
    },
    close(call, error) {
      const code = codeName(error);
      durations.record(systemOf(call), call.bound.name, code, performance.now() - call.startedAt);
      endCallTrace(call.span, { code, isError: error !== undefined && isServerError(error.code) });
    },
  };
}

/** Follows the sampled flag of an identified caller. The policy must come after authentication in the chain. */
export function callerTracePolicy(): Policy {
  return {
    open(call) {
      if (!call.offeredTrace || !call.identified) return;
      const startMs = performance.timeOrigin + call.startedAt;
      const traced = followCallerTrace({ system: systemOf(call), method: call.bound.name }, call.offeredTrace, startMs);
      call.trace = traced.context;
      call.span = traced.span;
    },
  };
}

/** Returns the protocol's name in OpenTelemetry's conventions. */
function systemOf(call: Call): string {
  return call.protocolName === "connect" ? "connectrpc" : call.protocolName;
}
