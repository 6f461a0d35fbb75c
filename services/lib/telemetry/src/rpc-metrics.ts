import type { Attributes, HrTime } from "@opentelemetry/api";

/** The side of a call that records it. */
export type RpcSide = "server" | "client";

/** Records the durations of calls by protocol, method and code. */
export interface RpcDurations {
  record(system: string, method: string, code: string, durationMs: number): void;
}

/** The calls with one protocol, method and code since the first of these calls. */
export interface RpcSeries {
  readonly attributes: Attributes;
  readonly since: HrTime;
  /** Number of calls per bucket: one bucket up to each of `BOUNDS_S`, and one above the last bound. */
  readonly counts: readonly number[];
  readonly count: number;
  /** Sum of the durations, in seconds. */
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Histogram bounds of OpenTelemetry's RPC conventions, in seconds. */
export const BOUNDS_S: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Counted = { -readonly [K in keyof RpcSeries]: RpcSeries[K] } & { readonly counts: number[] };

/**
 * Series by protocol, method and code. Methods come from contracts and there are 17 codes, so the map stays
 * small. All servers and clients of the process share it, as they would share OpenTelemetry's own
 * instruments. Those instruments cost five times as much: for each metric reader they serialize the
 * attributes of a call to find its series.
 */
const recorded: Readonly<Record<RpcSide, Map<string, Map<string, Map<string, Counted>>>>> = {
  server: new Map(),
  client: new Map(),
};

/** Returns a recorder for `rpc.server.call.duration` or `rpc.client.call.duration`. */
export function createRpcDurations(side: RpcSide): RpcDurations {
  const systems = recorded[side];
  return {
    record(system, method, code, durationMs) {
      const series = systems.get(system)?.get(method)?.get(code) ?? addSeries(side, system, method, code);
      const durationS = durationMs / 1_000;
      let bucket = 0;
      while (durationS > (BOUNDS_S[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
      series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
      series.count++;
      series.sum += durationS;
      if (durationS < series.min) series.min = durationS;
      if (durationS > series.max) series.max = durationS;
    },
  };
}

/** Returns all series of one side. */
export function rpcSeries(side: RpcSide): readonly RpcSeries[] {
  return [...recorded[side].values()].flatMap((methods) =>
    [...methods.values()].flatMap((codes) => [...codes.values()]),
  );
}

function addSeries(side: RpcSide, system: string, method: string, code: string): Counted {
  const methods = recorded[side].get(system) ?? new Map<string, Map<string, Counted>>();
  const codes = methods.get(method) ?? new Map<string, Counted>();
  const now = Date.now();
  const series: Counted = {
    attributes: {
      "rpc.system.name": system,
      "rpc.method": method,
      "rpc.response.status_code": code,
      ...(code !== "OK" && { "error.type": code }),
    },
    since: [Math.floor(now / 1_000), (now % 1_000) * 1_000_000],
    counts: Array.from({ length: BOUNDS_S.length + 1 }, () => 0),
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  };
  recorded[side].set(system, methods.set(method, codes.set(code, series)));
  return series;
}
