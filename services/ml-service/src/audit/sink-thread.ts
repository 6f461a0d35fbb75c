import { once } from "node:events";
import { access, constants, mkdir } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { AuditSinkError, type CountDroppedEvents } from "../domain/audit-ports.ts";
import type { SinkWorkerData, SinkWorkerTask, WorkerMessage } from "./sink-worker.ts";

/**
 * The spool and its forwarder in their own thread, so that their work does not delay the responses of the
 * service.
 */
export interface SinkThread {
  /**
   * Appends lines to the spool. Only one call is allowed at a time. Returns the positions of the lines for which
   * there was no space. If the thread ends during the call, its successor appends the lines again, so the spool can
   * contain them twice.
   * @throws Error when the lines are not on disk
   */
  append(lines: readonly string[], beyondLimit?: boolean): Promise<readonly number[]>;
  /** Sends the remaining lines, for at most `withinMs`. Lines that could not be sent stay in the spool. */
  stop(withinMs: number): Promise<void>;
}

/** Logs what the thread does. */
export interface SinkLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface SinkThreadOptions extends SinkWorkerData {
  readonly lost: CountDroppedEvents;
  readonly logger: SinkLogger;
}

/** The thread ended before its response. */
class ThreadEndedError extends Error {
  override readonly name = "ThreadEndedError" as const;
}

/** The thread's response: the positions of the lines for which there was no space, or an error. */
type Outcome = { readonly left: readonly number[] } | { readonly error: unknown };

/** Maximum heap of the thread: many times the size of one segment of the spool. */
const MAX_HEAP_MB = 128;
/** Minimum time between two starts of the thread. */
const RESTART_MS = 1_000;
/** Threads that an append tries before it fails. */
const APPEND_THREADS = 5;
/** Time for closing files, after sending has ended. */
const CLOSE_MS = 250;
const encoder = new TextEncoder();

/**
 * Starts the thread without waiting for it; the first append waits. A thread that ends unexpectedly is
 * replaced.
 * @throws AuditSinkError when the spool's folder cannot be written
 */
export async function startSinkThread({ lost, logger, ...workerData }: SinkThreadOptions): Promise<SinkThread> {
  await checkFolder(workerData.spoolFolder);
  let current: Worker | undefined;
  let running: Promise<Worker> | undefined;
  let startAfter = 0;
  let isStopped = false;
  let restart: NodeJS.Timeout | undefined;
  let settle: ((outcome: Outcome) => void) | undefined;

  const onMessage = (status: WorkerMessage): void => {
    if (status.kind === "lost") lost(status.events, status.reason);
    else if (status.kind === "log") logger[status.level](status.fields, status.message);
    else if (status.kind === "not_appended") settle?.({ error: status.error });
    else settle?.({ left: status.kind === "appended" ? status.left : [] });
  };
  /** Resolves with the thread's next response. Rejects when the thread ends first. */
  const nextResponse = (): Promise<readonly number[]> =>
    new Promise((resolve, reject) => {
      settle = (outcome) => {
        settle = undefined;
        if ("left" in outcome) resolve(outcome.left);
        else reject(outcome.error);
      };
    });
  const start = async (): Promise<Worker> => {
    const worker = new Worker(new URL("./sink-worker.ts", import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    current = worker;
    let wasReady = false;
    worker.on("message", onMessage);
    const ended = once(worker, "exit").then(
      ([code]) => Promise.reject(new ThreadEndedError(`the thread exited with ${code}`)),
      (cause: unknown) => Promise.reject(new ThreadEndedError(`the thread has failed: ${cause}`, { cause })),
    );
    ended.catch((error: unknown) => {
      if (current !== worker) return;
      current = running = undefined;
      logger.warn({ err: error }, "the audit thread has ended; another one will be started");
      settle?.({ error });
      // Lines that are on disk do not wait for the next append. A thread that could not start would fail again.
      if (wasReady && !isStopped) restart = setTimeout(() => thread().catch(() => {}), RESTART_MS).unref();
    });
    await Promise.race([nextResponse(), ended]);
    wasReady = true;
    return worker;
  };
  /** Returns the thread that accepts lines, once it is ready. */
  const thread = (): Promise<Worker> => {
    if (running) return running;
    if (isStopped) return Promise.reject(new Error("the audit thread is stopped"));
    startAfter = performance.now() + RESTART_MS;
    running = start();
    return running;
  };
  const post = (to: Worker, task: SinkWorkerTask, moved: readonly ArrayBuffer[] = []): void =>
    to.postMessage(task, moved);
  const appendOnce = async (lines: readonly string[], beyondLimit: boolean): Promise<readonly number[]> => {
    const worker = await thread();
    const response = nextResponse();
    const data = encoder.encode(`${lines.join("\n")}\n`);
    post(worker, { kind: "append", data, beyondLimit }, [data.buffer]);
    return await response;
  };

  thread().catch(() => {});
  return {
    async append(lines, beyondLimit = false) {
      for (let threads = 1; ; threads++) {
        try {
          return await appendOnce(lines, beyondLimit);
        } catch (error) {
          if (!(error instanceof ThreadEndedError) || threads === APPEND_THREADS) throw error;
          await pause(Math.max(0, startAfter - performance.now()), undefined, { ref: false });
        }
      }
    },
    async stop(withinMs) {
      isStopped = true;
      clearTimeout(restart);
      const worker = current;
      current = undefined;
      if (!worker) return;
      const ended = once(worker, "exit").catch(() => {});
      post(worker, { kind: "stop", withinMs });
      await Promise.race([ended, pause(withinMs + CLOSE_MS, undefined, { ref: false })]);
      await worker.terminate();
    },
  };
}

async function checkFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new AuditSinkError(folder, error);
  }
}
