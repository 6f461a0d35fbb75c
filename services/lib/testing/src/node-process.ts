import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface NodeProcessOptions {
  readonly args?: readonly string[];
  /** Command line options of Node. */
  readonly execArgv?: readonly string[];
  /** All environment variables of the process. Default: those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Program that starts Node, with its arguments, for example `["taskset", "-c", "0"]`. */
  readonly launcher?: readonly string[];
  /** "pipe": the caller writes to it. Default: "ignore". */
  readonly stdin?: "ignore" | "pipe";
  /** "pipe": the caller reads it; "collect": see `output`. Default: inherited from this process. */
  readonly stdout?: "inherit" | "ignore" | "pipe" | "collect";
  /** Like `stdout`; "collect": see `errors`. */
  readonly stderr?: "inherit" | "pipe" | "collect";
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
  /** Returns everything that the process has written to stderr, when `stderr` is "collect". */
  errors(): string;
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
  const { args = [], execArgv = [], env, cwd, ipc = true } = options;
  const { stdin = "ignore", stdout = "inherit", stderr = "inherit" } = options;
  const command = [...(options.launcher ?? []), process.execPath, ...execArgv, file, ...args];
  const piped = <T extends string>(how: T) => (how === "collect" ? "pipe" : (how as Exclude<T, "collect">));
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    ...(env && { env }),
    ...(cwd !== undefined && { cwd }),
    ...options.user,
    detached: options.detached ?? false,
    stdio: [stdin, piped(stdout), piped(stderr), ...(ipc ? (["ipc"] as const) : [])],
  });
  const output = stdout === "collect" ? collect(child.stdout) : () => "";
  const errors = stderr === "collect" ? collect(child.stderr) : () => "";
  const ended = once(child, "exit").then(([code]): number | null => code);
  const end = (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  return { child, output, errors, ended, end, [Symbol.asyncDispose]: () => end().then(() => undefined) };
}

/** Collects the text of a stream. Returns a function that returns the text so far. */
function collect(stream: Readable | null): () => string {
  let collected = "";
  stream?.setEncoding("utf8").on("data", (text: string) => {
    collected += text;
  });
  return () => collected;
}

/** Starts an ES module given as text, which Node recognizes by its imports: threads would inherit `--input-type`, and end with an error. */
export const spawnScript = (source: string, options: Omit<NodeProcessOptions, "args"> = {}): NodeProcess =>
  spawnNode("-e", { ...options, args: [source] });

/** How a process ended, and what it wrote. */
export interface EndedProcess {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a process that runs to its end. */
export interface RunOptions extends Pick<NodeProcessOptions, "args" | "execArgv" | "env" | "cwd" | "launcher"> {
  /** Text on stdin. Default: none. */
  readonly input?: string;
  /** The process is killed (SIGKILL) after this time. Default: never. */
  readonly timeoutMs?: number;
}

/** Runs `file` to its end. */
export async function runNode(
  file: string,
  { input = "", timeoutMs, ...options }: RunOptions = {},
): Promise<EndedProcess> {
  const collected = { stdin: "pipe", stdout: "collect", stderr: "collect", ipc: false } as const;
  const { child, output, errors } = spawnNode(file, { ...options, ...collected });
  // A process may end before it has read its input.
  child.stdin?.on("error", () => {}).end(input);
  const late = timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const [code, signal] = await once(child, "close");
  clearTimeout(late);
  return { code, signal, stdout: output(), stderr: errors() };
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
export async function firstLine(
  started: NodeProcess,
  name: string,
  isWanted: (line: string) => boolean = () => true,
): Promise<string> {
  const { stdout } = started.child;
  if (!stdout) throw new Error(`${name}: its stdout is not a pipe`);
  // The lines after it are read, too: a full pipe would stop the process.
  const lines = createInterface({ input: stdout });
  const line = new Promise<string>((resolve) => {
    lines.on("line", (text) => {
      if (isWanted(text)) resolve(text);
    });
  });
  return await beforeItsEnd(started, name, line);
}

function beforeItsEnd<T>({ ended }: NodeProcess, name: string, ready: Promise<T>): Promise<T> {
  const early = ended.then((code) => Promise.reject(new Error(`${name} ended with ${code} before it was ready`)));
  return Promise.race([ready, early]);
}
