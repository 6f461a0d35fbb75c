import { once } from "node:events";
import { access, constants, mkdir } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Logger } from "@bellwether/telemetry/logger";
import { AuditSinkError, type CountDroppedEvents } from "../domain/audit-ports.ts";
import type { SinkWorkerData, SinkWorkerTask, WorkerMessage } from "./sink-worker.ts";

/** The spool and its courier in a thread of their own: what they do to lines costs no answer its time. */
export interface SinkThread {
  /** Appends lines to the spool, one call at a time. @throws Error when they are not on disk */
  append(lines: readonly string[]): Promise<void>;
  /** Sends what is left for at most `withinMs`; what could not be sent stays in the spool. */
  stop(withinMs: number): Promise<void>;
}

export interface SinkThreadOptions extends SinkWorkerData {
  readonly lost: CountDroppedEvents;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** Heap of the thread: a segment of the spool many times over. */
const MAX_HEAP_MB = 128;
/** Between the end of a thread and the start of another. */
const RESTART_MS = 1_000;
/** What closing files may take once sending has ended. */
const CLOSE_MS = 250;

/**
 * Starts the thread and does not wait for it: lines do. One that ends by itself is replaced.
 * @throws AuditSinkError when the spool's folder cannot be written
 */
export async function startSinkThread({ lost, logger, ...workerData }: SinkThreadOptions): Promise<SinkThread> {
  await checkFolder(workerData.spoolFolder);
  let current: Worker | undefined;
  let running: Promise<Worker> | undefined;
  let startAfter = 0;
  let settle: ((error?: unknown) => void) | undefined;

  const hear = (status: WorkerMessage): void => {
    if (status.kind === "lost") lost(status.events, status.reason);
    else if (status.kind === "log") logger[status.level](status.fields, status.message);
    else settle?.(status.kind === "not_appended" ? status.error : undefined);
  };
  /** Resolves with the thread's next answer; rejects when it ends instead. */
  const answer = (): Promise<void> =>
    new Promise((resolve, reject) => {
      settle = (error) => {
        settle = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
    });
  const start = async (): Promise<Worker> => {
    const worker = new Worker(new URL("./sink-worker.ts", import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    current = worker;
    worker.on("message", hear);
    const ended = once(worker, "exit").then(([code]) => Promise.reject(new Error(`the thread exited with ${code}`)));
    ended.catch((error: unknown) => {
      if (current !== worker) return;
      current = running = undefined;
      logger.warn({ err: error }, "the thread of the audit trail has ended; another will be started");
      settle?.(error);
    });
    await Promise.race([answer(), ended]);
    return worker;
  };
  /** The thread that takes lines, or is on its way to. */
  const thread = (): Promise<Worker> => {
    if (running) return running;
    if (performance.now() < startAfter) return Promise.reject(new Error("the thread of the audit trail has ended"));
    startAfter = performance.now() + RESTART_MS;
    running = start();
    return running;
  };
  const post = (to: Worker, task: SinkWorkerTask): void => to.postMessage(task);

  thread().catch(() => {});
  return {
    async append(lines) {
      const worker = await thread();
      const answered = answer();
      post(worker, { kind: "append", lines });
      await answered;
    },
    async stop(withinMs) {
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
