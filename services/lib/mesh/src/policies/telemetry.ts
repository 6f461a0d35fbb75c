import { createRpcDurations } from "@bellwether/telemetry/rpc-metrics";
import { endCallTrace, traceServerCall } from "@bellwether/telemetry/rpc-spans";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Call } from "../call.ts";
import { codeName, isServerFault } from "../code-name.ts";
import type { Policy } from "../policy.ts";

/** A SERVER span for every recorded trace, and `rpc.server.call.duration` for every call. First in the chain: it sees every end. */
export function telemetryPolicy(sampleRatio: number): Policy {
  const durations = createRpcDurations("server");
  const names = new Map<DescMethod, string>();
  const nameOf = (method: DescMethod): string => {
    let name = names.get(method);
    if (name === undefined) {
      name = `${method.parent.typeName}/${method.name}`;
      names.set(method, name);
    }
    return name;
  };
  return {
    open(call) {
      call.startedAt = performance.now();
      const { context, span } = traceServerCall(
        { system: systemOf(call), method: nameOf(call.method) },
        call,
        sampleRatio,
      );
      call.otel = context;
      call.span = span;
    },
    close(call, error) {
      const code = codeName(error);
      durations.record(systemOf(call), nameOf(call.method), code, performance.now() - call.startedAt);
      endCallTrace(call.span, { code, isError: error !== undefined && isServerFault(error.code) });
    },
  };
}

/** The protocol by the names of OpenTelemetry's conventions. */
function systemOf(call: Call): string {
  return call.protocolName === "connect" ? "connectrpc" : call.protocolName;
}
