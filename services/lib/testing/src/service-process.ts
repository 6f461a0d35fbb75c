import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import os from "node:os";
import { auditKeyFile } from "./audit-key-file.ts";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { firstMessage, type NodeProcessOptions, runNode, spawnNode } from "./node-process.ts";

export type ServiceName = "ml-service" | "ops-service" | "scheduler-service";

/** A service in a separate process, on free ports. */
export interface ServiceProcess extends AsyncDisposable {
  readonly process: ChildProcess;
  /** URLs of the service's listeners. */
  readonly grpc: string;
  readonly web: string;
  readonly admin: string;
  /** Returns everything that the process has written to stdout, when its stdout is collected. */
  output(): string;
  /**
   * Sends SIGTERM and waits until the process has ended. @returns the exit code; null when a signal ended it
   */
  stop(): Promise<number | null>;
  /** Sends SIGKILL and waits until the process has ended. */
  kill(): Promise<number | null>;
}

type Addresses = Readonly<Record<"grpc" | "web" | "admin", { readonly port: number }>>;

/**
 * Starts a service's main.ts with only `env` as its environment; calls are audited only when `env` enables
 * it. @throws Error when the service ends instead of serving
 * @param main the program to start instead of main.ts, for example of a bundle
 */
export async function startService(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  { main = mainOf(name), ...options }: Pick<NodeProcessOptions, "cwd" | "stdout"> & { readonly main?: string } = {},
): Promise<ServiceProcess> {
  const started = spawnNode(main, { ...options, env: { ...PROCESS_ENV, ...anyPorts(name), ...env } });
  const { addresses } = await firstMessage<{ readonly addresses: Addresses }>(started, name);
  const url = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}`;
  return {
    process: started.child,
    grpc: url(addresses.grpc),
    web: url(addresses.web),
    admin: url(addresses.admin),
    output: started.output,
    stop: () => started.end("SIGTERM"),
    kill: () => started.end("SIGKILL"),
    [Symbol.asyncDispose]: started[Symbol.asyncDispose],
  };
}

/**
 * Starts a service that must fail to start. Returns its exit code and the lines of stdout and stderr
 * together.
 */
export async function failedStart(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): Promise<{ readonly code: unknown; readonly lines: readonly string[] }> {
  const options = { cwd, env: { ...PROCESS_ENV, ...anyPorts(name), ...env }, timeoutMs: 60_000 };
  const { code, signal, stdout, stderr } = await runNode(mainOf(name), options);
  return { code: code ?? signal, lines: `${stdout}${stderr}`.trim().split("\n") };
}

/**
 * Environment variables of every process that a test starts: few log lines, no other services, the temporary folder of
 * the test, and the compile cache of all tests.
 */
export const PROCESS_ENV = {
  BELLWETHER_LOG_LEVEL: "silent",
  BELLWETHER_AUDIT_SINK: "off",
  BELLWETHER_AUDIT_CALLS: "false",
  BELLWETHER_AUDIT_KEY_FILE: auditKeyFile(),
  TMPDIR: os.tmpdir(),
  NODE_COMPILE_CACHE: COMPILE_CACHE,
} as const;

const mainOf = (name: ServiceName): string => createRequire(import.meta.url).resolve(`@bellwether/${name}/main`);

function anyPorts(name: ServiceName): Record<string, string> {
  const prefix = name.toUpperCase().replace("-", "_");
  return Object.fromEntries(["GRPC", "WEB", "ADMIN"].map((listener) => [`${prefix}_${listener}_PORT`, "0"]));
}
