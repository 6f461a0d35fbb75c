import { durationSeries, type RecordDuration } from "./counted-durations.ts";

/** The side of a call that records it. */
export type RpcSide = "server" | "client";

/** Records the durations of calls by protocol, method and code. */
export interface RpcDurations {
  record(system: string, method: string, code: string, durationMs: number): void;
}

/**
 * Series by protocol, method and code. Methods come from contracts and there are 17 codes, so the map stays
 * small. All servers and clients of the process share it.
 */
const recorded: Readonly<Record<RpcSide, Map<string, Map<string, Map<string, RecordDuration>>>>> = {
  server: new Map(),
  client: new Map(),
};

/** Returns a recorder for `rpc.server.call.duration` or `rpc.client.call.duration`. */
export function createRpcDurations(side: RpcSide): RpcDurations {
  const systems = recorded[side];
  return {
    record(system, method, code, durationMs) {
      const record = systems.get(system)?.get(method)?.get(code) ?? addSeries(side, system, method, code);
      record(durationMs);
    },
  };
}

function addSeries(side: RpcSide, system: string, method: string, code: string): RecordDuration {
  const methods = recorded[side].get(system) ?? new Map<string, Map<string, RecordDuration>>();
  const codes = methods.get(method) ?? new Map<string, RecordDuration>();
  const record = durationSeries(`rpc.${side}.call.duration`, `Duration of RPCs, seen by the ${side}.`, {
    "rpc.system.name": system,
    "rpc.method": method,
    "rpc.response.status_code": code,
    ...(code !== "OK" && { "error.type": code }),
  });
  recorded[side].set(system, methods.set(method, codes.set(code, record)));
  return record;
}
