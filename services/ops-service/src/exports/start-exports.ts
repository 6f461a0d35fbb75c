import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Logger } from "@bellwether/telemetry/logger";
import { createExportStatus } from "../jobs/export-status.ts";
import type { ExportWorkerData, ExportWorkerMessage } from "./export-worker.ts";
import type { PassStatus } from "./run-exports.ts";

export interface StartExportsOptions extends ExportWorkerData {
  readonly logger: Pick<Logger, "info" | "warn">;
  /** Called with what /readyz shows about the exports: which sinks fail or are behind. Empty: none. */
  readonly onStatus: (text: string) => void;
}

const MAX_HEAP_MB = 256;
/** Minimum time between two starts of the thread. */
const RESTART_MS = 5_000;
const STOP_MS = 3_000;

/**
 * Starts the exports in a separate thread, so that their work and errors of their clients do not affect calls. A
 * thread that ends unexpectedly is replaced.
 */
export function startExports({ logger, onStatus, ...workerData }: StartExportsOptions): AsyncDisposable {
  const stopped = new AbortController();
  const status = createExportStatus();
  const problems = new Map<string, string | null>();
  let current: Worker | undefined;

  const onPass = (pass: PassStatus): void => {
    const { backlog, problem } = pass;
    const { sink, stream, events } = backlog;
    const before = problems.get(`${sink}/${stream}`) ?? null;
    if (problem !== null && problem !== before)
      logger.warn({ sink, stream, events, problem }, "events are not exported");
    if (problem === null && before !== null) logger.info({ sink, stream }, "events are exported again");
    problems.set(`${sink}/${stream}`, problem);
    status.report(pass);
    onStatus(status.text());
  };
  const onMessage = (message: ExportWorkerMessage): void => {
    if (message.kind === "pass") onPass(message.status);
    else {
      const { eventId, reason } = message;
      logger.warn({ eventId, problem: reason }, "an event is too large for its topic, which gets an event about it");
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const worker = new Worker(new URL("./export-worker.ts", import.meta.url), {
        ...{ workerData, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } },
      });
      current = worker;
      worker.on("message", onMessage);
      const cause = await once(worker, "exit").then(
        ([code]) => `the thread exited with ${code}`,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (stopped.signal.aborted) return;
      logger.warn({ problem: cause }, "the thread of the exports has ended; another one is started");
      status.reportEnd(cause);
      onStatus(status.text());
      await pause(RESTART_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
    }
  };
  const ended = run();
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      current?.postMessage("stop");
      await Promise.race([ended, pause(STOP_MS, undefined, { ref: false })]);
      await current?.terminate();
      await ended;
      status[Symbol.dispose]();
    },
  };
}
