import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Time that processes have to end after the tests. */
const ENDING_MS = 10_000;
const LOOK_MS = 200;
/** Programs of PostgreSQL, of which one copy serves all tests of a run, and Node's compiled code of npm and Vite. */
const SHARED = /^(bellwether-postgres-[0-9a-f]{16}|node-compile-cache|owner)$/;
const PREFIX = "bellwether-run-";
/** File in the folder that names the process which created it. */
const OWNER = "owner";

/** The folder for the temporary files of one run. What is in it at the end was left behind. */
export interface RunFolder {
  readonly path: string;
  /**
   * Ends the processes that the run left behind, and removes the folder.
   * @returns one line for each process, file and folder that was left behind
   */
  close(): Promise<string[]>;
}

interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Creates the folder. A process whose TMPDIR is the folder's path belongs to the run. A signal that ends this process
 * ends the run and closes the folder first. What a run left behind whose process was killed is removed before.
 */
export function createRunFolder(): RunFolder {
  removeOfKilledRuns();
  const folder = mkdtempSync(path.join(os.tmpdir(), PREFIX));
  writeFileSync(path.join(folder, OWNER), identityOf(process.pid));
  // The databases of tests may run as another user, who must be able to enter the folder.
  chmodSync(folder, 0o755);
  const closeOnce = async (): Promise<string[]> => {
    const running = await processesLeft(folder);
    for (const { pid } of running) send(pid, "SIGKILL");
    const files = readdirSync(folder).filter((name) => !SHARED.test(name));
    remove(folder);
    return [...running.map(({ pid, command }) => `process ${pid}: ${command}`), ...files];
  };
  let closed: Promise<string[]> | undefined;
  // A signal may arrive while the folder is closed.
  const close = (): Promise<string[]> => {
    closed ??= closeOnce();
    return closed;
  };
  const endBy = (signal: "SIGINT" | "SIGTERM"): void => {
    for (const { pid } of processesOf(folder)) send(pid, signal);
    void close().finally(() => process.exit(EXIT_CODES[signal]));
  };
  process.once("SIGINT", endBy).once("SIGTERM", endBy);
  // npm sends a signal to the shell between itself and this process, and the shell ends without sending it on.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined)
    setInterval(() => {
      if (process.ppid !== parent && closed === undefined) endBy("SIGTERM");
    }, LOOK_MS).unref();
  return { path: folder, close };
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Ends the processes and removes the folders of earlier runs of this machine whose own process was killed. */
function removeOfKilledRuns(): void {
  for (const name of readdirSync(os.tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = path.join(os.tmpdir(), name);
    const owner = attempt(() => readFileSync(path.join(folder, OWNER), "utf8"));
    const [host = "", pid = ""] = owner.split(" ");
    if (host !== os.hostname() || identityOf(Number(pid)) === owner) continue;
    for (const left of processesOf(folder)) send(left.pid, "SIGKILL");
    // A folder of another user stays.
    attempt(() => String(remove(folder)));
  }
}

const remove = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: LOOK_MS });

/** Returns machine, id and start time of a process: an id is used again. Systems without /proc have no start time. */
function identityOf(pid: number): string {
  const isAlive = attempt(() => String(process.kill(pid, 0))) === "true";
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The name of the program, in parentheses, may have blanks. The start time is the 20th field after it.
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return `${os.hostname()} ${pid} ${isAlive ? startTime : "ended"}`;
}

/** Waits until no process of the run is left. Returns those that do not end. */
async function processesLeft(folder: string): Promise<readonly RunningProcess[]> {
  for (const end = performance.now() + ENDING_MS; ; await pause(LOOK_MS)) {
    const running = processesOf(folder);
    if (running.length === 0 || performance.now() > end) return running;
  }
}

/** Returns the processes that have the folder in their environment or command, or work in it. Systems without /proc: none. */
function processesOf(folder: string): readonly RunningProcess[] {
  const pids = existsSync("/proc/self") ? readdirSync("/proc").map(Number).filter(Number.isInteger) : [];
  return pids.flatMap((pid) => {
    const read = (file: string): string => attempt(() => readFileSync(`/proc/${pid}/${file}`, "utf8"));
    const command = read("cmdline").replaceAll("\0", " ").trim();
    // A process without a command has ended, and its parent has not noticed it.
    if (pid === process.pid || command === "") return [];
    const places = [read("environ"), command, attempt(() => readlinkSync(`/proc/${pid}/cwd`))];
    return places.some((place) => place.includes(folder)) ? [{ pid, command: command.slice(0, 200) }] : [];
  });
}

/** Sends a signal to a process that may have ended in the meantime. */
function send(pid: number, signal: NodeJS.Signals): void {
  attempt(() => String(process.kill(pid, signal)));
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
