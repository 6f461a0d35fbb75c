// Measures both listeners with all policies, and compares them with plain grpc-js and plain connect-node. The
// server uses one core, the load the other one.
import { readFileSync } from "node:fs";
import os from "node:os";
import { h2loadVersion } from "./h2load.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import {
  bindToCpu,
  grpcTarget,
  jsonTarget,
  LOAD_CPU,
  load,
  type Measured,
  type Server,
  type Shape,
  startCollector,
  startServer,
  type Target,
} from "./own/rpc-target.ts";
import { median } from "./statistics.ts";

const ROUNDS = 5;
/**
 * Duration of the load before the measurement: a server that shares its core with its JIT compiler is more
 * than twice as fast after some seconds of load.
 */
const COLD_SECONDS = 8;
export const bench: Bench = async ({ log }) => {
  const generator = h2loadVersion();
  if (generator === undefined) return unmeasured("h2load is not installed (Debian: nghttp2-client)");
  if (os.availableParallelism() < 2) return unmeasured("server and load need a core each");
  const collector = await startCollector();
  const servers = await Promise.all([
    startServer("bare-grpc", {}),
    startServer("mesh", {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.01",
    }),
    startServer("bare-connect", {}),
  ]);
  bindToCpu(process.pid, LOAD_CPU);
  try {
    const [bareGrpc, mesh, bareConnect] = servers;
    const grpc = await grpcTargets(bareGrpc, mesh);
    const json = await jsonTargets(bareConnect, mesh);
    const peer = `grpc-js ${versionOf("@grpc/grpc-js")}, ${generator}`;
    const webPeer = `connect-node ${versionOf("@connectrpc/connect-node")}, ${generator}`;
    const metrics = [
      ...(await compare("rpc.grpc", grpc, { connections: 8, streams: 16 }, peer, { gate: 0.75, stretch: 0.85 }, log)),
      await compareLatency("rpc.grpc.latency", grpc, peer, log),
      ...(await compare(
        "rpc.connect_json",
        json,
        { connections: 64, streams: 1 },
        webPeer,
        { gate: 0.8, stretch: 0.95 },
        log,
      )),
    ];
    log(`spans that reached the collector: ${collector.requests()} export requests`);
    return metrics;
  } finally {
    for (const server of servers) server.process.disconnect();
    collector.close();
  }
};

type Pair = readonly [bare: Target, ours: Target];

async function compare(
  name: string,
  [bare, ours]: Pair,
  shape: Shape,
  peer: string,
  bounds: { readonly gate: number; readonly stretch: number },
  log: (line: string) => void,
): Promise<Metric[]> {
  const rates: number[] = [];
  const costs: number[] = [];
  const bareRates: number[] = [];
  const cold = [await load(bare, shape, COLD_SECONDS), await load(ours, shape, COLD_SECONDS)];
  log(
    `${name} cold: ${cold.map(({ callsPerSecond }) => `${Math.round(callsPerSecond)}/s`).join(" and ")}, not counted`,
  );
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = await loadInTurns(bare, ours, shape);
    rates.push(b.callsPerSecond / a.callsPerSecond);
    costs.push(b.cpuUs / a.cpuUs);
    bareRates.push(a.callsPerSecond);
    log(
      `${name} ${round + 1}/${ROUNDS}: bare ${Math.round(a.callsPerSecond)}/s ${a.cpuUs.toFixed(0)} µs CPU, ours ${Math.round(b.callsPerSecond)}/s ${b.cpuUs.toFixed(0)} µs CPU`,
    );
  }
  return [
    metric({ name: `${name}.throughput`, value: median(rates), unit: "ratio", peer, ...bounds, better: "higher" }),
    metric({ name: `${name}.cpu`, value: median(costs), unit: "ratio of CPU time a call", peer, better: "lower" }),
    metric({ name: `${name}.bare`, value: Math.round(median(bareRates)), unit: "calls/s", peer, better: "higher" }),
  ];
}

async function compareLatency(
  name: string,
  [bare, ours]: Pair,
  peer: string,
  log: (line: string) => void,
): Promise<Metric> {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = await loadInTurns(bare, ours, { connections: 1, streams: 1 });
    ratios.push(b.meanUs / a.meanUs);
    log(`${name} ${round + 1}/${ROUNDS}: bare ${a.meanUs.toFixed(0)} µs, ours ${b.meanUs.toFixed(0)} µs`);
  }
  return metric({ name, value: median(ratios), unit: "ratio", peer, gate: 1.4, stretch: 1.15, better: "lower" });
}

/**
 * Runs the loads in the order: reference, own server, own server, reference. Other load on the machine and a
 * drifting clock then affect both servers alike.
 */
async function loadInTurns(bare: Target, ours: Target, shape: Shape): Promise<[bare: Measured, ours: Measured]> {
  const first = await load(bare, shape);
  const between = [await load(ours, shape), await load(ours, shape)];
  return [mean([first, await load(bare, shape)]), mean(between)];
}

function mean(runs: readonly Measured[]): Measured {
  const of = (figure: keyof Measured): number => runs.reduce((sum, run) => sum + run[figure], 0) / runs.length;
  return { callsPerSecond: of("callsPerSecond"), meanUs: of("meanUs"), cpuUs: of("cpuUs") };
}

async function grpcTargets(bare: Server, mesh: Server): Promise<Pair> {
  return [await grpcTarget("bare grpc-js", bare), await grpcTarget("gRPC listener", mesh)];
}

async function jsonTargets(bare: Server, mesh: Server): Promise<Pair> {
  return [await jsonTarget("bare connect-node", bare), await jsonTarget("web listener", mesh)];
}

/** Returns the exact version on which lib/mesh depends. */
function versionOf(name: string): string {
  const file = new URL("../services/lib/mesh/package.json", import.meta.url);
  const { dependencies }: { readonly dependencies: Record<string, string> } = JSON.parse(readFileSync(file, "utf8"));
  return dependencies[name] ?? "?";
}

function unmeasured(reason: string): Metric[] {
  const names = ["rpc.grpc.throughput", "rpc.grpc.latency", "rpc.connect_json.throughput"];
  return names.map((name) =>
    metric({ name, value: null, unit: "ratio", better: name.endsWith("latency") ? "lower" : "higher", reason }),
  );
}
