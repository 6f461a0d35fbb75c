import { readFile } from "node:fs/promises";
import { h2loadVersion } from "../h2load.ts";
import { type Bench, type Metric, metric } from "../metric.ts";
import {
  bindToCpu,
  grpcTarget,
  jsonTarget,
  LOAD_CPU,
  load,
  type Shape,
  startCollector,
  startServer,
  type Target,
} from "./rpc-target.ts";

/**
 * Duration of the load before the measurement, in seconds: a server that shares its core with its JIT
 * compiler needs it before its speed is steady.
 */
const WARM_UP_SECONDS = 5;

/**
 * Measures both listeners with all policies: throughput, CPU time and latency per call, memory of the server.
 */
export const own: Bench = async () => {
  if (h2loadVersion() === undefined) throw new Error("h2load is not installed (Debian: nghttp2-client)");
  const collector = await startCollector();
  const server = await startServer("mesh", {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.01",
  });
  bindToCpu(process.pid, LOAD_CPU);
  try {
    const grpc = await grpcTarget("gRPC listener", server);
    const json = await jsonTarget("web listener", server);
    return [
      ...(await throughput("rpc.grpc", grpc, { connections: 8, streams: 16 })),
      await latency("rpc.grpc", grpc),
      ...(await throughput("rpc.connect_json", json, { connections: 64, streams: 1 })),
      metric({ name: "rpc.peak_rss", value: await peakMemory(server.process.pid), unit: "MiB", better: "lower" }),
    ];
  } finally {
    server.process.disconnect();
    collector.close();
  }
};

async function throughput(name: string, target: Target, shape: Shape): Promise<Metric[]> {
  await load(target, shape, WARM_UP_SECONDS);
  const { callsPerSecond, cpuUs } = await load(target, shape);
  return [
    metric({ name: `${name}.throughput`, value: callsPerSecond, unit: "calls/s", better: "higher" }),
    metric({ name: `${name}.cpu`, value: cpuUs, unit: "µs of CPU a call", better: "lower" }),
  ];
}

async function latency(name: string, target: Target): Promise<Metric> {
  const { meanUs } = await load(target, { connections: 1, streams: 1 });
  return metric({ name: `${name}.latency`, value: meanUs, unit: "µs, mean", better: "lower" });
}

/** Returns the peak resident memory of a process, MiB. */
async function peakMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
