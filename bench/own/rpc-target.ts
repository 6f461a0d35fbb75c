// Starts the servers of the RPC benchmark and loads them. The server uses one core, the load generator the
// other one.
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { EchoRequestSchema, EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { h2load } from "../h2load.ts";
import type { ServerReady } from "../rpc-server.ts";

const SECONDS = 2;
const WARM_UP_SECONDS = 0.5;
const SERVER_CPU = 0;
/** Core of the load generator and of this process. */
export const LOAD_CPU = 1;
const ECHO_PATH = "/bellwether.echo.v1.EchoService/Echo";

/** A supplier as ml-service receives it: 16 numbers by name and 1 kB of contract text. */
const MESSAGE = create(EchoRequestSchema, {
  id: "supplier-000123",
  features: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`feature_number_${i}`, i * 1.25])),
  text: "delivery within fourteen days of order, price adjustment by index. ".repeat(16).slice(0, 1_024),
});

/** A server in its own process. */
export interface Server {
  readonly process: ChildProcess;
  readonly ready: ServerReady;
}

/** Parameters of the load of one variant. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyFile: string;
  readonly http1: boolean;
  readonly server: Server;
}

/** Connections, and calls in progress on each. */
export interface Shape {
  readonly connections: number;
  readonly streams: number;
}

/** Results of a load. */
export interface Measured {
  readonly callsPerSecond: number;
  readonly meanUs: number;
  /** CPU time of the server process per call. */
  readonly cpuUs: number;
}

/** Loads a server for some seconds. @throws Error when a call fails */
export async function load(target: Target, shape: Shape, seconds = SECONDS): Promise<Measured> {
  const before = await cpuOf(target.server);
  const result = await h2load({ ...target, ...shape, seconds, warmUpSeconds: WARM_UP_SECONDS, cpu: LOAD_CPU });
  const after = await cpuOf(target.server);
  if (result.failed > 0) throw new Error(`${target.name}: ${result.failed} calls failed`);
  // The CPU time includes the warm-up, whose calls are not counted.
  return { ...result, cpuUs: ((after - before) / result.calls) * (seconds / (seconds + WARM_UP_SECONDS)) };
}

/** Returns the gRPC listener of a server, after a gRPC client has verified one answer. */
export async function grpcTarget(name: string, server: Server): Promise<Target> {
  const message = toBinary(EchoRequestSchema, MESSAGE);
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  const base = `http://127.0.0.1:${server.ready.grpcPort}`;
  await checkAnswer(createGrpcTransport({ baseUrl: base }), server);
  const headers = { "content-type": "application/grpc", te: "trailers", ...authorization(server) };
  const bodyFile = await scratchFile("frame.bin", frame);
  return { name, url: base + ECHO_PATH, headers, bodyFile, http1: false, server };
}

/**
 * Returns a target of the load: the web listener of a server, called with Connect JSON. Before, verifies one answer
 * with a Connect client.
 */
export async function jsonTarget(name: string, server: Server): Promise<Target> {
  const base = `http://127.0.0.1:${server.ready.webPort}`;
  await checkAnswer(createConnectTransport({ baseUrl: base, httpVersion: "1.1", useBinaryFormat: false }), server);
  const headers = { "content-type": "application/json", ...authorization(server) };
  const bodyFile = await scratchFile("body.json", Buffer.from(toJsonString(EchoRequestSchema, MESSAGE)));
  return { name, url: base + ECHO_PATH, headers, bodyFile, http1: true, server };
}

/** Verifies one answer with a client: the load generator only counts HTTP 200. */
async function checkAnswer(transport: Transport, server: Server): Promise<void> {
  const { request } = await createClient(EchoService, transport).echo(MESSAGE, { headers: authorization(server) });
  if (request?.text !== MESSAGE.text || Object.keys(request.features).length !== 16)
    throw new Error("the server's answer differs from the expected one");
}

function authorization({ ready }: Server): Record<string, string> {
  return ready.token === undefined ? {} : { authorization: `Bearer ${ready.token}` };
}

/** Options of Node of a server with all policies: those of ops-service (deploy/Dockerfile.ops, `npm start`). The other servers have none. */
const OPTIONS_OF: ReadonlyMap<string, readonly string[]> = new Map([["mesh", ["--max-semi-space-size=32"]]]);

/** Starts `rpc-server.ts` of this checkout, bound to the core of the server. */
export async function startServer(kind: string, env: Readonly<Record<string, string>>): Promise<Server> {
  const child = fork(new URL("../rpc-server.ts", import.meta.url), [kind], {
    execArgv: [...(OPTIONS_OF.get(kind) ?? [])],
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

/** Binds every thread of a process to one core. */
export function bindToCpu(pid: number | undefined, cpu: number): void {
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

/** Receives spans and metrics like an OpenTelemetry collector and discards them. */
export async function startCollector(): Promise<{ readonly url: string; requests(): number; close(): void }> {
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
