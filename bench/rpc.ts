// Both doors with all policies on, against bare grpc-js and bare connect-node: one serving core, the load on the other one.
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { EchoRequestSchema, EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { h2load, h2loadVersion } from "./h2load.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import type { ServerReady } from "./rpc-server.ts";

const ROUNDS = 5;
const SECONDS = 2;
const WARM_UP_SECONDS = 0.5;
/** On a core that it shares with its compiler, a server is more than twice as fast after some seconds of load as in the first. */
const COLD_SECONDS = 8;
const SERVER_CPU = 0;
const LOAD_CPU = 1;
const ECHO_PATH = "/bellwether.echo.v1.EchoService/Echo";

/** A supplier as ml-service gets it: 16 numbers by name and 1 kB of contract. */
const MESSAGE = create(EchoRequestSchema, {
  id: "supplier-000123",
  features: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`feature_number_${i}`, i * 1.25])),
  text: "delivery within fourteen days of order, price adjustment by index. ".repeat(16).slice(0, 1_024),
});

interface Server {
  readonly process: ChildProcess;
  readonly ready: ServerReady;
}

/** How one variant is loaded. */
interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyFile: string;
  readonly http1: boolean;
  readonly server: Server;
}

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

interface Shape {
  readonly connections: number;
  readonly streams: number;
}

interface Measured {
  readonly callsPerSecond: number;
  readonly meanUs: number;
  /** CPU time of the server's process, a call. */
  readonly cpuUs: number;
}

/** Bare, ours, ours, bare: what else the machine does meanwhile, and a clock that drifts, hit both alike. */
async function loadInTurns(bare: Target, ours: Target, shape: Shape): Promise<[bare: Measured, ours: Measured]> {
  const first = await load(bare, shape);
  const between = [await load(ours, shape), await load(ours, shape)];
  return [mean([first, await load(bare, shape)]), mean(between)];
}

function mean(runs: readonly Measured[]): Measured {
  const of = (figure: keyof Measured): number => runs.reduce((sum, run) => sum + run[figure], 0) / runs.length;
  return { callsPerSecond: of("callsPerSecond"), meanUs: of("meanUs"), cpuUs: of("cpuUs") };
}

async function load(target: Target, shape: Shape, seconds = SECONDS): Promise<Measured> {
  const before = await cpuOf(target.server);
  const result = await h2load({ ...target, ...shape, seconds, warmUpSeconds: WARM_UP_SECONDS, cpu: LOAD_CPU });
  const after = await cpuOf(target.server);
  if (result.failed > 0) throw new Error(`${target.name}: ${result.failed} calls failed`);
  // The warm-up's calls are not counted and its CPU time is.
  return { ...result, cpuUs: ((after - before) / result.calls) * (seconds / (seconds + WARM_UP_SECONDS)) };
}

async function grpcTargets(bare: Server, mesh: Server): Promise<Pair> {
  const message = toBinary(EchoRequestSchema, MESSAGE);
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  const bodyFile = await scratchFile("frame.bin", frame);
  const target = async (name: string, server: Server): Promise<Target> => {
    const base = `http://127.0.0.1:${server.ready.grpcPort}`;
    await checkAnswer(createGrpcTransport({ baseUrl: base }), server);
    const headers = { "content-type": "application/grpc", te: "trailers", ...authorization(server) };
    return { name, url: base + ECHO_PATH, headers, bodyFile, http1: false, server };
  };
  return [await target("bare grpc-js", bare), await target("gRPC door", mesh)];
}

async function jsonTargets(bare: Server, mesh: Server): Promise<Pair> {
  const bodyFile = await scratchFile("body.json", Buffer.from(toJsonString(EchoRequestSchema, MESSAGE)));
  const target = async (name: string, server: Server): Promise<Target> => {
    const base = `http://127.0.0.1:${server.ready.webPort}`;
    await checkAnswer(createConnectTransport({ baseUrl: base, httpVersion: "1.1", useBinaryFormat: false }), server);
    const headers = { "content-type": "application/json", ...authorization(server) };
    return { name, url: base + ECHO_PATH, headers, bodyFile, http1: true, server };
  };
  return [await target("bare connect-node", bare), await target("web door", mesh)];
}

/** The generator counts HTTP 200 only, so a real client looks at one answer first. */
async function checkAnswer(transport: Transport, server: Server): Promise<void> {
  const { request } = await createClient(EchoService, transport).echo(MESSAGE, { headers: authorization(server) });
  if (request?.text !== MESSAGE.text || Object.keys(request.features).length !== 16)
    throw new Error("a server answers something else");
}

function authorization({ ready }: Server): Record<string, string> {
  return ready.token === undefined ? {} : { authorization: `Bearer ${ready.token}` };
}

async function startServer(kind: string, env: Readonly<Record<string, string>>): Promise<Server> {
  const child = fork(new URL("rpc-server.ts", import.meta.url), [kind], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ready = await new Promise<ServerReady>((resolve, reject) => {
    child.once("message", (message: ServerReady) => resolve(message));
    child.once("exit", (code) => reject(new Error(`${kind} ended with ${code}`)));
  });
  bindToCpu(child.pid, SERVER_CPU);
  return { process: child, ready };
}

function bindToCpu(pid: number | undefined, cpu: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", String(cpu), String(pid)], { stdio: "ignore" });
}

async function cpuOf(server: Server): Promise<number> {
  const answer = new Promise<NodeJS.CpuUsage>((resolve) =>
    server.process.once("message", (usage: NodeJS.CpuUsage) => resolve(usage)),
  );
  server.process.send("cpu");
  const { user, system } = await answer;
  return user + system;
}

/** Takes spans and metrics like an OpenTelemetry collector and throws them away. */
async function startCollector(): Promise<{ readonly url: string; requests(): number; close(): void }> {
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests++;
    request.resume().once("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, requests: () => requests, close: () => server.close() };
}

async function scratchFile(name: string, bytes: Buffer): Promise<string> {
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-")), name);
  await writeFile(file, bytes);
  return file;
}

/** The exact version that lib/mesh depends on. */
function versionOf(name: string): string {
  const file = new URL("../services/lib/mesh/package.json", import.meta.url);
  const { dependencies }: { readonly dependencies: Record<string, string> } = JSON.parse(readFileSync(file, "utf8"));
  return dependencies[name] ?? "?";
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function unmeasured(reason: string): Metric[] {
  const names = ["rpc.grpc.throughput", "rpc.grpc.latency", "rpc.connect_json.throughput"];
  return names.map((name) =>
    metric({ name, value: null, unit: "ratio", better: name.endsWith("latency") ? "lower" : "higher", reason }),
  );
}
