import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { h2load, type LoadResult } from "../h2load.ts";

const SERVER_CPU = 0;
/** Core of the load generator and of the process that measures. */
export const LOAD_CPU = 1;
/** Prefix of the commands of servers: all their threads run on one core. */
export const ON_SERVER_CPU = ["taskset", "-c", String(SERVER_CPU)];

/** Requests to one server. */
export interface Target {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly bodyFile: string;
  readonly contentType: string;
  readonly http1: boolean;
}

export interface Shape {
  readonly connections: number;
  readonly streams: number;
}

export interface Measured extends LoadResult {
  /** CPU time of the server process per call, µs. */
  readonly cpuUs: number;
}

const WARM_UP_SECONDS = 0.5;

/** Loads a server for some seconds. @throws Error when a call fails */
export async function load(target: Target, shape: Shape, seconds = 2): Promise<Measured> {
  const headers: Record<string, string> = {
    "content-type": target.contentType,
    ...(!target.http1 && { te: "trailers" }),
  };
  const before = await processorSeconds(target.pid);
  const warmUpSeconds = WARM_UP_SECONDS;
  const result = await h2load({ ...target, ...shape, headers, seconds, warmUpSeconds, cpu: LOAD_CPU });
  const spent = (await processorSeconds(target.pid)) - before;
  if (result.failed > 0) throw new Error(`${target.name}: ${result.failed} calls failed`);
  // The CPU time includes the warm-up, whose calls are not counted.
  return { ...result, cpuUs: ((spent * 1e6) / result.calls) * (seconds / (seconds + warmUpSeconds)) };
}

/**
 * Number of calls after which V8 has compiled what a call runs. On one core, its compiler gets only what the server leaves: some
 * seconds are too short on a slow machine.
 */
const WARM_CALLS = 50_000;
const MAX_WARM_TURNS = 5;

/** Loads a server in turns of some seconds until it has answered `WARM_CALLS` calls, for at most five turns. */
export async function warmUp(target: Target, shape: Shape, seconds: number): Promise<void> {
  let calls = 0;
  for (let turn = 0; turn < MAX_WARM_TURNS && calls < WARM_CALLS; turn++)
    calls += (await load(target, shape, seconds)).calls;
}

/** Writes a message as a gRPC frame to a temporary file, for the load generator. */
export async function frameFile(message: Uint8Array): Promise<string> {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return await bodyFile(frame);
}

/** Writes a body to a temporary file. */
export async function bodyFile(bytes: Uint8Array): Promise<string> {
  const file = path.join(await mkdtemp(path.join(os.tmpdir(), "bellwether-bench-")), "body");
  await writeFile(file, bytes);
  return file;
}

/** Binds every thread of a process to the core of the load. */
export function bindToLoadCpu(pid: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", String(LOAD_CPU), String(pid)], { stdio: "ignore" });
}

/** Returns the CPU time of all threads of a process, user and system, seconds. */
export async function processorSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  const ticksPerSecond = 100;
  return fields.slice(11, 13).reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond;
}

/** Returns the peak resident memory of a process, MB (10^6 bytes). */
export async function peakMemoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return (Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6;
}
