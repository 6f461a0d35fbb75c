import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface NodeProcessOptions {
  readonly args?: readonly string[];
  /** Command line options of Node. */
  readonly execArgv?: readonly string[];
  /** All environment variables of the process. Default: those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** "pipe": the caller reads it; "collect": see `output`. Default: inherited from this process. */
  readonly stdout?: "inherit" | "ignore" | "pipe" | "collect";
  readonly stderr?: "inherit" | "pipe";
  /** Whether the process has an IPC channel. Default: true. */
  readonly ipc?: boolean;
  /** Whether the process gets its own process group, like a command started in a terminal. */
  readonly detached?: boolean;
  /** User and group of the process; only root may set them. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A Node process that a test has started. */
export interface NodeProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Returns everything that the process has written to stdout, when `stdout` is "collect". */
  output(): string;
  /** Exit code; null when a signal ended the process. */
  readonly ended: Promise<number | null>;
  /**
   * Sends a signal, by default SIGTERM, unless the process has ended; then waits for its end. @returns the
   * exit code; null when a signal ended it
   */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `file` with the same Node that runs this process. */
export function spawnNode(file: string, options: NodeProcessOptions = {}): NodeProcess {
  const { args = [], execArgv = [], env, cwd, stdout = "inherit", stderr = "inherit", ipc = true } = options;
  const child = spawn(process.execPath, [...execArgv, file, ...args], {
    ...(env && { env }),
    ...(cwd !== undefined && { cwd }),
    ...options.user,
    detached: options.detached ?? false,
    stdio: ["ignore", stdout === "collect" ? "pipe" : stdout, stderr, ...(ipc ? (["ipc"] as const) : [])],
  });
  let output = "";
  if (stdout === "collect") {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = once(child, "exit").then(([code]): number | null => code);
  const end = (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  return { child, output: () => output, ended, end, [Symbol.asyncDispose]: () => end().then(() => undefined) };
}

/**
 * Waits for the first IPC message of a process, which it sends when it is ready. @throws Error when the
 * process ends first
 */
export async function firstMessage<T>(started: NodeProcess, name: string): Promise<T> {
  const [message] = await beforeItsEnd(started, name, once(started.child, "message"));
  return message;
}

/**
 * Waits for the first line of a process's stdout, which must be a pipe. @throws Error when the process ends
 * first
 */
export async function firstLine(started: NodeProcess, name: string): Promise<string> {
  const { stdout } = started.child;
  if (!stdout) throw new Error(`${name}: its stdout is not a pipe`);
  const [line] = await beforeItsEnd(started, name, once(createInterface({ input: stdout }), "line"));
  return line;
}

function beforeItsEnd<T>({ ended }: NodeProcess, name: string, ready: Promise<T>): Promise<T> {
  const early = ended.then((code) => Promise.reject(new Error(`${name} ended with ${code} before it was ready`)));
  return Promise.race([ready, early]);
}
