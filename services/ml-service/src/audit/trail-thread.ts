import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Logger } from "@bellwether/telemetry/logger";
import type { CountLoss } from "../domain/audit-sink.ts";
import type { TrailWorkerData, TrailWorkerNews, TrailWorkerTask } from "./trail-worker.ts";

/** The spool and its courier in a thread of their own: what they do to lines costs no answer its time. */
export interface TrailThread {
  /** Appends lines to the spool, one call at a time. @throws Error when they are not on disk */
  append(lines: readonly string[]): Promise<void>;
  /** Sends what is left for at most `withinMs`; what could not be sent stays in the spool. */
  stop(withinMs: number): Promise<void>;
}

export interface TrailThreadOptions extends TrailWorkerData {
  readonly lost: CountLoss;
  readonly logger: Pick<Logger, "info" | "warn">;
}

/** Heap of the thread: a segment of the spool many times over. */
const MAX_HEAP_MB = 128;
/** Between the end of a thread and the start of another. */
const RESTART_MS = 1_000;
/** What closing files may take once sending has ended. */
const CLOSE_MS = 250;

/** Starts the thread; one that ends by itself is replaced. @throws AuditSinkError when the spool's folder cannot be written */
export async function startTrailThread({ lost, logger, ...workerData }: TrailThreadOptions): Promise<TrailThread> {
  let worker: Worker | undefined;
  let startAfter = 0;
  let settle: ((error?: unknown) => void) | undefined;

  const hear = (news: TrailWorkerNews): void => {
    if (news.kind === "lost") lost(news.events, news.reason);
    else if (news.kind === "log") logger[news.level](news.fields, news.message);
    else settle?.(news.kind === "not_appended" ? news.error : undefined);
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
    if (performance.now() < startAfter) throw new Error("the thread of the audit trail has ended");
    startAfter = performance.now() + RESTART_MS;
    const started = new Worker(new URL("./trail-worker.ts", import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const end = (error: unknown): void => {
      if (worker === started) {
        worker = undefined;
        logger.warn({ err: error }, "the thread of the audit trail has ended; another will be started");
      }
      settle?.(error);
    };
    started.on("message", hear);
    started.on("error", end);
    started.on("exit", (code) => end(new Error(`the thread exited with ${code}`)));
    await answer();
    return started;
  };
  const tell = (to: Worker, task: TrailWorkerTask): void => to.postMessage(task);

  worker = await start();
  return {
    async append(lines) {
      worker ??= await start();
      const answered = answer();
      tell(worker, { kind: "append", lines });
      await answered;
    },
    async stop(withinMs) {
      const ending = worker;
      worker = undefined;
      if (!ending) return;
      const ended = once(ending, "exit");
      tell(ending, { kind: "stop", withinMs });
      await Promise.race([ended, pause(withinMs + CLOSE_MS, undefined, { ref: false })]);
      await ending.terminate();
    },
  };
}
