import { Worker } from "node:worker_threads";
// This module is imported before the thread starts, because a thread cannot turn off the runtime's telemetry.
import "@bellwether/scoring/runtime/load-onnxruntime";
import type { ShadowOutcome } from "../domain/shadow.ts";
import type { ShadowAnswer, ShadowTask, ShadowVersions } from "./shadow-worker.ts";

/** A thread that scores rows with the challenger, one task at a time. */
export interface ShadowThread extends AsyncDisposable {
  /** Resolves when both versions are loaded. @throws ChallengerRejectedError, ShadowThreadError */
  readonly opened: Promise<void>;
  /** Scores rows; the previous task must have ended. @throws ShadowThreadError */
  score(rows: ShadowTask): Promise<ScoredTask>;
}

/** The outcomes of one task, in the order of its rows, and the CPU time of the thread for it. */
export interface ScoredTask {
  readonly outcomes: readonly ShadowOutcome[];
  readonly cpuMs: number;
}

/** Starts a thread for a pair of versions. */
export type StartShadowThread = (versions: ShadowVersions) => ShadowThread;

/** The challenger, or the champion, cannot be loaded. */
export class ChallengerRejectedError extends Error {
  override readonly name = "ChallengerRejectedError" as const;
}

/** The thread ended, or did not answer in time. */
export class ShadowThreadError extends Error {
  override readonly name = "ShadowThreadError" as const;
  readonly reason: "thread_ended" | "thread_silent";
  constructor(reason: "thread_ended" | "thread_silent", message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Heap limit of the thread: enough to read two models of 64 MiB. */
const MAX_HEAP_MB = 1_024;
/** Time limits. The thread has the lowest priority, so that it can be slow on a busy machine without being broken. */
const LIMITS = { openMs: 300_000, taskMs: 30_000 };

/** Starts a thread that loads both versions. @param script other code than that of the thread, for tests */
export function startShadowThread(
  versions: ShadowVersions,
  { openMs, taskMs } = LIMITS,
  script = new URL("./shadow-worker.ts", import.meta.url),
): ShadowThread {
  const worker = new Worker(script, {
    workerData: versions,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  let waiting: { answer(message: ShadowAnswer): void; fail(error: Error): void } | null = null;
  let ended: Error | null = null;
  const end = (error: Error): void => {
    ended ??= error;
    waiting?.fail(ended);
    waiting = null;
  };
  worker.on("message", (message: ShadowAnswer) => {
    waiting?.answer(message);
    waiting = null;
  });
  worker.on("error", (error) => end(new ShadowThreadError("thread_ended", `its thread ended: ${error.message}`)));
  worker.on("exit", (code) => end(new ShadowThreadError("thread_ended", `its thread exited with ${code}`)));

  /** Waits for the next message of the thread. A silent thread is ended, because it cannot be interrupted. */
  const nextAnswer = async (limitMs: number): Promise<ShadowAnswer> => {
    if (ended !== null) throw ended;
    const { promise, resolve, reject } = Promise.withResolvers<ShadowAnswer>();
    waiting = { answer: resolve, fail: reject };
    const timer = setTimeout(() => {
      end(new ShadowThreadError("thread_silent", `its thread did not answer for ${limitMs / 1_000} s`));
      void worker.terminate();
    }, limitMs).unref();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  };
  const opened = nextAnswer(openMs).then((answer) => {
    if (answer.kind === "rejected") throw new ChallengerRejectedError(answer.reason);
  });
  // The caller may wait for it later, or dispose of the thread first.
  opened.catch(() => undefined);
  return {
    opened,
    async score(rows) {
      const answered = nextAnswer(taskMs);
      if (ended === null) worker.postMessage(rows);
      const answer = await answered;
      if (answer.kind !== "scored")
        throw new ShadowThreadError("thread_ended", "its thread answered another message than a score");
      return answer;
    },
    async [Symbol.asyncDispose]() {
      end(new ShadowThreadError("thread_ended", "its thread was stopped"));
      await worker.terminate();
    },
  };
}
