import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { packTexts } from "./packed-texts.ts";
import {
  type ExplainedTraining,
  MEMORY_FAILURE,
  type TrainMessage,
  type TrainProgress,
  type TrainRequest,
  type TrainTask,
  type TrainUsage,
} from "./train-messages.ts";

/** Limits of one training. */
export interface TrainLimits {
  /** Largest resident memory of the process, in bytes. */
  readonly maxMemoryBytes: number;
  /** Longest time of the training, ms. */
  readonly timeoutMs: number;
}

/** The training exceeded its memory or its time. A retry has the same result. */
export class TrainLimitError extends Error {
  override readonly name = "TrainLimitError" as const;
}

/** The process of the training ended without a result: it crashed, or was killed from outside. */
export class TrainKilledError extends Error {
  override readonly name = "TrainKilledError" as const;
  constructor(how: string) {
    super(`the process of the training ended without a result (${how})`);
  }
}

/** How a process trains. */
export interface TrainProcessOptions {
  /** True: the process gets the lowest priority, so that it uses the time of the processor that the other processes leave. Default: false. */
  readonly isBackground?: boolean;
}

/** A child process that trains one model. */
export interface TrainProcess extends AsyncDisposable {
  /** Process id; undefined when the process could not be started. */
  readonly pid: number | undefined;
  /**
   * Trains; may be called once. When `signal` aborts, the process is killed.
   * @throws TrainLimitError for memory or time; TrainKilledError; the reason of `signal`; an Error with the name and message of
   * a TrainingDataError
   */
  run(
    task: TrainTask,
    limits: TrainLimits,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (progress: TrainProgress) => void },
  ): Promise<ExplainedTraining & { readonly usage: TrainUsage }>;
}

const MAIN = fileURLToPath(import.meta.resolve("./train-main.ts"));

/**
 * Starts the process, which then waits for its task. The model is that of `trainRiskModel` in this process, byte for byte.
 * The process gets no variables of the environment, and so no secrets.
 */
export function startTrainProcess({ isBackground = false }: TrainProcessOptions = {}): TrainProcess {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    env: { MALLOC_ARENA_MAX: "2" },
  });
  // Set before the process starts its threads, which take over the priority.
  if (isBackground && child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return {
    pid: child.pid,
    run: (task, limits, options = {}) => runIn(child, ended, task, limits, options),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function runIn(
  child: ChildProcess,
  ended: Promise<string>,
  task: TrainTask,
  { maxMemoryBytes, timeoutMs }: TrainLimits,
  { signal, onProgress = () => {} }: NonNullable<Parameters<TrainProcess["run"]>[2]>,
): Promise<ExplainedTraining & { readonly usage: TrainUsage }> {
  signal?.throwIfAborted();
  let last: Exclude<TrainMessage, { kind: "progress" }> | undefined;
  child.on("message", (message: TrainMessage) => {
    if (message.kind === "progress") onProgress(message.progress);
    else last ??= message;
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const stop = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", stop);
  try {
    // A request that the process does not receive shows as its end.
    child.send(requestOf(task, maxMemoryBytes), () => {});
    const how = await ended;
    // The channel may deliver the last message after the end of the process.
    if (last === undefined && child.connected) await once(child, "disconnect");
    signal?.throwIfAborted();
    if (last?.kind === "result") return { ...last.trained, usage: last.usage };
    if (isLate) throw new TrainLimitError(`training took longer than ${timeoutMs / 1000} s`);
    if (last === undefined) throw new TrainKilledError(how);
    throw failureOf(last.name, last.message);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** Returns the request: with the texts in one block, which the threads of the process hand over instead of copying it. */
function requestOf(task: TrainTask, maxMemoryBytes: number): TrainRequest {
  const texts = task.table.texts === null ? null : packTexts(task.table.texts);
  const table = texts === null ? task.table : { ...task.table, texts: null };
  return { task: { ...task, table }, texts, maxMemoryBytes };
}

function failureOf(name: string, message: string): Error {
  if (name === MEMORY_FAILURE) return new TrainLimitError(message);
  return Object.defineProperty(new Error(message), "name", { value: name });
}
