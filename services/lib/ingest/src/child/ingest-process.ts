import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sweepWorkspaceFolders } from "../duckdb/workspace-folder.ts";
import { IngestKilledError, IngestLimitError, MappingSqlError } from "../ingest-errors.ts";
import type { IngestProgress } from "../ingest-progress.ts";
import type { WeeklySnapshot } from "../snapshot/weekly-snapshot.ts";
import { errorOf, type IngestMessage, type IngestRequest, type IngestUsage } from "./ingest-messages.ts";

/** A child process that maps one weekly input. */
export interface IngestProcess extends AsyncDisposable {
  /** Process id; undefined when the process could not be started. */
  readonly pid: number | undefined;
  /**
   * Maps the input; may be called once. When `signal` aborts, the process is ended.
   * @throws SourceError, MappingSqlError; IngestLimitError for memory, disk space or time; IngestKilledError when
   * the process was ended from outside; the reason of `signal`
   */
  run(
    request: IngestRequest,
    signal?: AbortSignal,
    onProgress?: (progress: IngestProgress) => void,
  ): Promise<WeeklySnapshot & { readonly usage: IngestUsage }>;
}

const MAIN = fileURLToPath(import.meta.resolve("./ingest-main.ts"));
/** Heap of the runtime, in MiB: files are read in pieces outside it. */
const HEAP_MB = 256;
/** Time in which an aborted process removes its files, ms. After it, the process is killed. */
const CLEAN_UP_MS = 5_000;
/** Time after INGEST_TIMEOUT at which a process that does not end by itself is killed, ms. */
const GRACE_MS = 10_000;

/**
 * Starts the process, which then waits for its request: the start takes about as long as reading a few thousand rows.
 * The process gets no variables of the environment, and so no secrets.
 * @param cacheFolder folder for compiled code, with which later starts take half the time; only this user may write it
 */
export function startIngestProcess(cacheFolder: string | null = null): IngestProcess {
  // A few arenas for all threads: with one each, the allocator keeps much more memory than is in use.
  const env = { MALLOC_ARENA_MAX: "2", ...(cacheFolder !== null && { NODE_COMPILE_CACHE: cacheFolder }) };
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, MAIN], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    env,
  });
  const ended = endOf(child);
  return {
    pid: child.pid,
    async run(request, signal, onProgress = () => {}) {
      try {
        return await runIn(child, ended, request, signal, onProgress);
      } catch (error) {
        signal?.throwIfAborted();
        throw (await expressionError(error, request, cacheFolder, signal)) ?? error;
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Resolves when the process has ended, with its signal or exit code, or with the error of its start. */
async function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

async function runIn(
  child: ChildProcess,
  ended: Promise<string>,
  request: IngestRequest,
  signal: AbortSignal | undefined,
  onProgress: (progress: IngestProgress) => void,
): Promise<WeeklySnapshot & { readonly usage: IngestUsage }> {
  signal?.throwIfAborted();
  let last: Exclude<IngestMessage, { kind: "progress" }> | undefined;
  let timedOut = false;
  const read = new Promise<string>((resolve) => {
    child.on("message", (message: IngestMessage) => {
      if (message.kind === "progress") onProgress(message.progress);
      else last ??= message;
      if (message.kind === "result") resolve("");
    });
  });
  const timeoutMs = request.limits?.loadTimeoutMs;
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, work: () => void): void => void timers.push(setTimeout(work, ms));
  const stop = (): void => {
    child.kill("SIGTERM");
    later(CLEAN_UP_MS, () => child.kill("SIGKILL"));
  };
  if (timeoutMs !== undefined)
    later(timeoutMs, () => {
      timedOut = true;
      child.kill("SIGTERM");
      later(GRACE_MS, () => child.kill("SIGKILL"));
    });
  signal?.addEventListener("abort", stop);
  try {
    // A request that the process does not receive shows as its end.
    child.send(request, () => {});
    // A process that has sent its result has removed its files; its end need not be waited for.
    const how = await Promise.race([ended, read]);
    // The channel may deliver the last message after the end of the process.
    if (last === undefined && child.connected) await once(child, "disconnect");
    // A process that was killed has left its folder.
    if (last?.kind !== "result") await sweepWorkspaceFolders(request.limits?.folder ?? null);
    signal?.throwIfAborted();
    if (timedOut && last?.kind !== "result") throw timeoutError(timeoutMs ?? 0);
    if (last === undefined) throw new IngestKilledError(how);
    if (last.kind === "failure") throw errorOf(last.failure);
    return { ...last.snapshot, usage: last.usage };
  } finally {
    signal?.removeEventListener("abort", stop);
    for (const timer of timers) clearTimeout(timer);
  }
}

/** Places of a mapping that have many expressions in one statement. */
const WITH_EXPRESSIONS: ReadonlySet<string> = new Set(["rows", "weekly.rows"]);

/**
 * Finds the expression that caused the end of a process which evaluated all expressions: another process evaluates
 * them one after the other. Null: the error already names its expression, or no single expression is the cause.
 */
async function expressionError(
  error: unknown,
  request: IngestRequest,
  cacheFolder: string | null,
  signal: AbortSignal | undefined,
): Promise<Error | null> {
  const isLimit = error instanceof IngestLimitError || error instanceof MappingSqlError;
  if (!isLimit || !WITH_EXPRESSIONS.has(error.path) || request.evaluatesAlone) return null;
  await using other = startIngestProcess(cacheFolder);
  const found = await other.run({ ...request, evaluatesAlone: true }, signal).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const isNamed = found instanceof IngestLimitError || found instanceof MappingSqlError;
  return isNamed && found.path !== "" && !WITH_EXPRESSIONS.has(found.path) ? found : null;
}

const timeoutError = (ms: number): IngestLimitError =>
  new IngestLimitError(
    "INGEST_TIMEOUT",
    `reading took longer than the ${ms / 1000} s of INGEST_TIMEOUT; set a longer time, or aggregate earlier in the mapping's SQL`,
  );
