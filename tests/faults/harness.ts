import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import os from "node:os";
import path from "node:path";
import { EchoService } from "@bellwether/gen/bellwether/echo/v1/echo_service_pb";
import {
  createMeshTransport,
  type MeshTransport,
  type MeshTransportOptions,
} from "@bellwether/mesh/client/mesh-transport";
import { firstMessage, spawnNode } from "@bellwether/testing/node-process";
import { type Client, type Code, ConnectError, createClient } from "@connectrpc/connect";
import { type Metric, metric } from "../../bench/metric.ts";
import type { ReplicaOptions, ReplicaReady, ReplicaStats } from "./replica.ts";

/** A measured figure of a scenario with its bound. */
export type Finding = Metric;

/** Runs one scenario; `quick` shortens its long parts. */
export type Scenario = (quick: boolean) => Promise<Finding[]>;

/** Returns a figure that must not be larger than its gate; `stretch` is the goal beyond it. */
export function atMost(name: string, value: number, unit: string, gate: number, stretch = gate): Finding {
  return metric({ name, value, unit, gate, stretch, better: "lower" });
}

/** Returns a figure that must not be smaller than its gate. */
export function atLeast(name: string, value: number, unit: string, gate: number, stretch = gate): Finding {
  return metric({ name, value, unit, gate, stretch, better: "higher" });
}

/** A server in its own process. */
export interface Replica {
  readonly process: ChildProcess;
  readonly ready: ReplicaReady;
  stats(): Promise<ReplicaStats>;
  /** Sends SIGTERM and waits until the process has ended. */
  stop(): Promise<void>;
  /** Sends SIGKILL and waits until the process has ended. */
  kill(): Promise<void>;
}

/** Servers run on one core and the load on another, so that they do not compete for the same core. */
export const SERVER_CPU = 0;
export const LOAD_CPU = 1;

/** Moves this process, and the threads and processes that it starts later, to the core of the load. */
export function leaveServerCpu(): void {
  bindToCpu(process.pid, LOAD_CPU);
}

/** Lets this process, and the threads and processes that it starts later, use all cores. */
export function useAllCpus(): void {
  bindToCpu(process.pid, `0-${os.cpus().length - 1}`);
}

/** Binds a process, with all its threads, to one CPU, or to a range such as "0-3". */
export function bindToCpu(pid: number | undefined, cpu: number | string): void {
  // `availableParallelism` would return 1 after this process is bound, and servers would stay on the core of
  // the load.
  if (os.cpus().length < 2) return;
  execFileSync("taskset", ["-a", "-c", "-p", String(cpu), String(pid)], { stdio: "ignore" });
}

export async function startReplica(
  options: Partial<ReplicaOptions> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Replica> {
  const started = spawnNode(path.join(import.meta.dirname, "replica.ts"), {
    args: [JSON.stringify({ grpcPort: 0, ...options })],
    // The size is that of ops-service (deploy/Dockerfile.ops, `npm start`).
    execArgv: ["--expose-gc", "--max-semi-space-size=32"],
    env: { ...process.env, ...env },
  });
  const { child } = started;
  const ready = await firstMessage<ReplicaReady>(started, "a replica");
  bindToCpu(child.pid, SERVER_CPU);
  return {
    process: child,
    ready,
    async stats() {
      const answer = once(child, "message");
      child.send("stats");
      const [stats]: [ReplicaStats] = (await answer) as [ReplicaStats];
      return stats;
    },
    stop: () => started.end("SIGTERM").then(() => undefined),
    kill: () => started.end("SIGKILL").then(() => undefined),
  };
}

export type EchoClient = Client<typeof EchoService>;

/** Returns a mesh client over all replicas. */
export function clientOf(
  replicas: readonly Replica[],
  options: Partial<MeshTransportOptions> = {},
): { client: EchoClient; transport: MeshTransport } {
  const url = `ipv4:${replicas.map(({ ready }) => `127.0.0.1:${ready.grpcPort}`).join(",")}`;
  const transport = createMeshTransport({ url, ...options });
  return { client: createClient(EchoService, transport), transport };
}

/** One call of a load: when it was due (ms from the start), how long it took from then (ms), and its code. */
export interface Outcome {
  readonly dueMs: number;
  readonly tookMs: number;
  readonly code: Code | 0;
}

/**
 * Makes calls in an open loop: a call is due every 1/rate seconds, even while earlier calls still wait. The
 * time of a call counts from when it was due.
 */
export async function openLoop(
  callsPerSecond: number,
  seconds: number,
  call: () => Promise<unknown>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const start = performance.now();
  const pending: Promise<void>[] = [];
  const total = Math.floor(callsPerSecond * seconds);
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * callsPerSecond) + 1);
    for (; sent < due; sent++) {
      const dueMs = (sent / callsPerSecond) * 1_000;
      pending.push(
        call().then(
          () => void outcomes.push({ dueMs, tookMs: performance.now() - start - dueMs, code: 0 }),
          (error) =>
            void outcomes.push({
              dueMs,
              tookMs: performance.now() - start - dueMs,
              code: ConnectError.from(error).code,
            }),
        ),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return outcomes.sort((a, b) => a.dueMs - b.dueMs);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const seconds = (s: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, s * 1_000));
