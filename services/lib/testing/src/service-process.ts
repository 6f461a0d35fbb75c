import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

export type ServiceName = "ml-service" | "ops-service" | "scheduler-service";

/** A service as a process of its own, on free ports. */
export interface ServiceProcess extends AsyncDisposable {
  readonly process: ChildProcess;
  /** URLs of its doors. */
  readonly grpc: string;
  readonly web: string;
  readonly admin: string;
  /** SIGTERM, then waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL, then waits for the end. */
  kill(): Promise<void>;
}

type Doors = Readonly<Record<"grpc" | "web" | "admin", { readonly port: number }>>;

/** Starts a service's main.ts with nothing in its environment but `env`; calls are recorded only where `env` says so. @throws Error when it ends instead of serving */
export async function startService(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [mainOf(name)], {
    cwd,
    env: { ...PROCESS_ENV, ...anyPorts(name), ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const serving = once(child, "message").then(([message]) => message as { readonly addresses: Doors });
  const early = ended.then(([code]) => Promise.reject(new Error(`${name} ended with ${code} before it served`)));
  const { addresses } = await Promise.race([serving, early]);
  const end = (signal: NodeJS.Signals) => async (): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const [stop, kill] = [end("SIGTERM"), end("SIGKILL")];
  const url = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}`;
  return {
    process: child,
    grpc: url(addresses.grpc),
    web: url(addresses.web),
    admin: url(addresses.admin),
    stop,
    kill,
    [Symbol.asyncDispose]: stop,
  };
}

/** How a start that must fail ends: its exit code, and the lines of what it said on stdout and stderr together. */
export async function failedStart(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): Promise<{ readonly code: unknown; readonly lines: readonly string[] }> {
  const options = { cwd, env: { ...PROCESS_ENV, ...anyPorts(name), ...env }, timeout: 60_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, [mainOf(name)], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? error?.signal, lines: `${stdout}${stderr}`.trim().split("\n") }),
    );
  });
}

/** Variables of every process that a test starts: quiet, alone, and compiled once for all of them. */
export const PROCESS_ENV = {
  BELLWETHER_LOG_LEVEL: "silent",
  BELLWETHER_AUDIT_SINK: "off",
  NODE_COMPILE_CACHE: path.join(os.tmpdir(), "bellwether-test-compile-cache"),
} as const;

const mainOf = (name: ServiceName): string => createRequire(import.meta.url).resolve(`@bellwether/${name}/main`);

function anyPorts(name: ServiceName): Record<string, string> {
  const prefix = name.toUpperCase().replace("-", "_");
  return Object.fromEntries(["GRPC", "WEB", "ADMIN"].map((door) => [`${prefix}_${door}_PORT`, "0"]));
}
