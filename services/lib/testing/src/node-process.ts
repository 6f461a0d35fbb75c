import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface NodeProcessOptions {
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly execArgv?: readonly string[];
  /** All variables of the process. Left out: those of this one. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** "pipe": for the caller to read; "collect": see `output`. Left out: where this process writes. */
  readonly stdout?: "inherit" | "ignore" | "pipe" | "collect";
  readonly stderr?: "inherit" | "pipe";
  /** Whether it has a channel for messages. Left out: true. */
  readonly ipc?: boolean;
  /** In a process group of its own, as a terminal starts a command. */
  readonly detached?: boolean;
  /** User and group that it runs as, which only root may choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A Node process that a test has started. */
export interface NodeProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has written to a collected stdout. */
  output(): string;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Sends a signal, SIGTERM if none is named, unless it has ended; waits for the end. @returns the exit code; null when a signal ended it */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `file` with the Node that runs this. */
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

/** Its first message, as a process sends one when it is ready. @throws Error when it ends first */
export async function firstMessage<T>(started: NodeProcess, name: string): Promise<T> {
  const [message] = await beforeItsEnd(started, name, once(started.child, "message"));
  return message;
}

/** The first line of its stdout, which must be a pipe. @throws Error when it ends first */
export async function firstLine(started: NodeProcess, name: string): Promise<string> {
  const { stdout } = started.child;
  if (!stdout) throw new Error(`${name}: its stdout is no pipe`);
  const [line] = await beforeItsEnd(started, name, once(createInterface({ input: stdout }), "line"));
  return line;
}

function beforeItsEnd<T>({ ended }: NodeProcess, name: string, ready: Promise<T>): Promise<T> {
  const early = ended.then((code) => Promise.reject(new Error(`${name} ended with ${code} before it was ready`)));
  return Promise.race([ready, early]);
}
