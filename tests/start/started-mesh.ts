import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { firstLine, type NodeProcess, runNode, spawnNode } from "@bellwether/testing/node-process";

const ROOT = path.resolve(import.meta.dirname, "../..");
const CLI = "services/cli/bellwether.js";
const LISTENERS = ["OPS", "ML", "SCHEDULER"].flatMap((service) =>
  ["WEB", "GRPC", "ADMIN"].map((listener) => `${service}_SERVICE_${listener}_PORT`),
);

interface Listeners {
  readonly web: string;
  readonly grpc: string;
  readonly admin: string;
}

/** The line that `bellwether start --json` prints when everything is ready. */
export interface Started {
  readonly ops_service: Listeners;
  readonly ml_service: Listeners;
  readonly scheduler_service: Listeners;
  readonly dashboard: string | null;
  /** A one-time link; only with authentication. */
  readonly sign_in_link?: string;
  readonly weekly_run: {
    readonly iso_week: string;
    readonly rows_read: number;
    readonly rows_scored: number;
    readonly rows_rejected: number;
    readonly alerts_raised: number;
  } | null;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Creates a temporary folder for data and models, with functions that run commands on it. */
export async function startFolder() {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-start-"));
  // The database runs as another user, who must be able to enter the folder.
  await chmod(folder, 0o755);
  const env = (over: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
    ...process.env,
    ...Object.fromEntries(LISTENERS.map((name) => [name, "0"])),
    MODEL_REGISTRY_URL: `file:${path.join(folder, "models")}`,
    BELLWETHER_DATA_DIR: path.join(folder, "data"),
    ...over,
  });
  const begin = (
    args: readonly string[],
    over: NodeJS.ProcessEnv,
    stderr: "inherit" | "pipe" = "inherit",
    detached = false,
  ) => spawnNode(CLI, { args, cwd: ROOT, env: env(over), stdout: "pipe", stderr, ipc: false, detached });
  return {
    path: folder,
    root: ROOT,
    env,
    /** Returns the arguments with which Node runs a command. */
    command: (args: readonly string[]): readonly string[] => [CLI, ...args],
    /**
     * Starts a command and does not wait for its end. `detached` gives it its own process group, as a
     * terminal does.
     */
    spawn(args: readonly string[], over: NodeJS.ProcessEnv = {}, detached = false) {
      const started = begin(args, { BELLWETHER_LOG_LEVEL: "error", ...over }, "pipe", detached);
      const { child } = started;
      const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
      const line = firstLine(started, "the command");
      // A command may end without a line. Whoever awaits `firstLine` still gets the rejection.
      line.catch(() => {});
      const ended = once(child, "close").then(async ([code]) => ({ code, stdout: await stdout, stderr: await stderr }));
      return { process: child, firstLine: line, ended };
    },
    /** Runs a command to its end. */
    run: (args: readonly string[], over: NodeJS.ProcessEnv = {}): Promise<Ended> =>
      runNode(CLI, { args, cwd: ROOT, env: env(over) }),
    /** Starts the mesh and waits until it is ready. @param args further arguments of `bellwether start` */
    start: (over: NodeJS.ProcessEnv = {}, stderr: "inherit" | "pipe" = "inherit", args: readonly string[] = []) =>
      untilReady(begin(["start", "--json", ...args], { BELLWETHER_LOG_LEVEL: "error", ...over }, stderr)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A mesh that is ready. */
export interface StartedMesh {
  readonly started: Started;
  readonly pid: number;
  /** Exit code of `bellwether start`; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Lines on stdout but for the one that says that the start is complete: log lines of the services. */
  readonly log: readonly string[];
  /** Text that `bellwether start` wrote to a piped stderr. Resolves when the process has ended. */
  readonly stderr: Promise<string>;
  /**
   * Ends `bellwether start` by a signal and waits until it has ended.
   * @returns the exit code; null when the signal ended the process
   */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const textOf = async (stream: NodeJS.ReadableStream | null): Promise<string> => {
  let text = "";
  if (stream) for await (const bytes of stream) text += String(bytes);
  return text;
};

async function untilReady(mesh: NodeProcess): Promise<StartedMesh> {
  const { pid, stderr } = mesh.child;
  if (pid === undefined) throw new Error("bellwether start did not begin");
  const errors = textOf(stderr);
  const log: string[] = [];
  const isReady = (line: string): boolean => {
    if (line.startsWith('{"ops_service"')) return true;
    log.push(line);
    return false;
  };
  const started = JSON.parse(await firstLine(mesh, "bellwether start", isReady)) as Started;
  return { started, log, pid, ended: mesh.ended, stderr: errors, end: mesh.end };
}

/** Whether no server answers at a URL. */
export const isSilent = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );
