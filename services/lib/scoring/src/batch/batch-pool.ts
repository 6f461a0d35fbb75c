import { Worker } from "node:worker_threads";
// This module is imported before the threads start, because a thread cannot turn off the runtime's telemetry.
import "../runtime/load-onnxruntime.ts";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { BatchQueueFullError, BatchWorkerLostError } from "./batch-pool-error.ts";
import { inputBytes, inputRows, type ScoresInParts, scoresInParts, sharedInput } from "./batch-rows.ts";
import type { BatchWorkerAnswer, BatchWorkerTask } from "./batch-worker.ts";
import type { BatchScores } from "./score-batch.ts";

/** Limits of a pool. */
export interface BatchPoolOptions {
  /** Number of threads, at least 1; each is started when there is work for it. */
  readonly workers: number;
  /** Maximum number of rows of all unfinished batches; limits the waiting time. */
  readonly maxRows: number;
  /**
   * Maximum number of bytes of the inputs of all unfinished batches; limits the memory. A batch that is alone
   * may be larger.
   */
  readonly maxBytes: number;
  /** Called with the error when a thread ended unexpectedly; another thread replaces it. */
  readonly onThreadLost?: (cause: unknown) => void;
}

/**
 * Scores batches of one model outside the calling thread. The scores are bit-identical to those of
 * `scoreBatch` in the calling thread.
 */
export interface BatchScorer {
  /**
   * @param input At least one row; the caller must not change categories and texts before the result.
   * @param signal Drops the rows that no thread has begun, and rejects with the signal's reason.
   * @throws BatchQueueFullError, BatchWorkerLostError, the signal's reason, or an error of `scoreBatch`.
   */
  score(
    input: ColumnarInput,
    withContributions: boolean,
    signal?: AbortSignal,
    withTermWeights?: boolean,
  ): Promise<BatchScores>;
  /** Makes the threads free the model after their current task. The caller must not pass another batch. */
  release(): void;
}

/** Threads that score batches of any number of models. A thread opens a model when it first scores with it. */
export interface BatchPool extends AsyncDisposable {
  scorer(stored: StoredVersion): BatchScorer;
}

/**
 * Number of rows that a thread computes in one task, milliseconds of work. Between two tasks the batch may be
 * dropped, or rows of another batch may be computed.
 */
const CHUNK_ROWS = 256;
/** Heap limit of a thread: enough to read a model of 64 MiB. */
const MAX_HEAP_MB = 1_024;

interface Batch {
  readonly model: number;
  readonly stored: StoredVersion;
  readonly input: ColumnarInput;
  readonly withContributions: boolean;
  readonly withTermWeights: boolean;
  readonly scores: ScoresInParts;
  readonly resolve: (scores: BatchScores) => void;
  readonly reject: (reason: unknown) => void;
  /** Number of rows that were passed to threads, and number of rows whose scores have arrived. */
  given: number;
  done: number;
}

interface Thread {
  readonly worker: Worker;
  /** Models that the thread has open. */
  readonly models: Set<number>;
  work: { readonly batch: Batch; readonly first: number } | null;
}

function post({ worker }: Thread, task: BatchWorkerTask): void {
  worker.postMessage(task);
}

/** Creates a pool; the threads start later, with the first batches. */
export function createBatchPool({ workers, maxRows, maxBytes, onThreadLost }: BatchPoolOptions): BatchPool {
  /**
   * Batches with rows that no thread has begun. After one chunk of a batch was passed to a thread, the batch
   * moves to the end of the queue.
   */
  const queue: Batch[] = [];
  const threads = new Set<Thread>();
  let models = 0;
  let rows = 0;
  let bytes = 0;
  let closed = false;

  const drop = (batch: Batch): void => {
    const at = queue.indexOf(batch);
    if (at >= 0) queue.splice(at, 1);
  };
  const dispatch = (thread: Thread, batch: Batch): void => {
    const first = batch.given;
    batch.given = Math.min(first + CHUNK_ROWS, batch.input.rows);
    if (batch.given < batch.input.rows) queue.push(batch);
    thread.work = { batch, first };
    const input = inputRows(batch.input, first, batch.given);
    const { model, withContributions, withTermWeights } = batch;
    const stored = thread.models.has(model) ? null : batch.stored;
    post(thread, { kind: "score", model, stored, input, withContributions, withTermWeights });
  };
  const assign = (): void => {
    while (queue.length > 0) {
      const idle = [...threads].find(({ work }) => work === null);
      if (idle === undefined && threads.size >= workers) return;
      const batch = queue.shift();
      if (batch !== undefined) dispatch(idle ?? startThread(), batch);
    }
  };
  const finish = (thread: Thread, answer: BatchWorkerAnswer): void => {
    const { work } = thread;
    if (work === null) return;
    thread.work = null;
    const { batch, first } = work;
    if (answer.kind === "failed") {
      drop(batch);
      batch.reject(answer.error);
    } else {
      thread.models.add(batch.model);
      batch.scores.put(first, answer.scores);
      batch.done += answer.scores.riskScores.length;
      if (batch.done === batch.input.rows) batch.resolve(batch.scores.finish());
    }
    assign();
  };
  const onThreadEnd = (thread: Thread, cause: unknown): void => {
    if (!threads.delete(thread) || closed) return;
    onThreadLost?.(cause);
    if (thread.work !== null) {
      drop(thread.work.batch);
      thread.work.batch.reject(new BatchWorkerLostError(cause));
    }
    assign();
  };
  const startThread = (): Thread => {
    const worker = new Worker(new URL("./batch-worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    const thread: Thread = { worker, models: new Set(), work: null };
    worker.on("message", (answer: BatchWorkerAnswer) => finish(thread, answer));
    worker.on("error", (error) => onThreadEnd(thread, error));
    worker.on("exit", (code) => onThreadEnd(thread, new Error(`the thread exited with ${code}`)));
    threads.add(thread);
    return thread;
  };

  const score = async (
    model: { readonly key: number; readonly stored: StoredVersion },
    input: ColumnarInput,
    withContributions: boolean,
    withTermWeights: boolean,
    signal: AbortSignal | undefined,
  ): Promise<BatchScores> => {
    signal?.throwIfAborted();
    if (closed) throw new Error("the batch pool is closed");
    const size = inputBytes(input);
    if (rows > 0 && (rows + input.rows > maxRows || bytes + size > maxBytes)) throw new BatchQueueFullError(rows);
    const { promise, resolve, reject } = Promise.withResolvers<BatchScores>();
    const batch: Batch = {
      model: model.key,
      stored: model.stored,
      input: sharedInput(input),
      withContributions,
      withTermWeights,
      scores: scoresInParts(input.rows),
      resolve,
      reject,
      given: 0,
      done: 0,
    };
    const abort = (): void => {
      drop(batch);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    rows += input.rows;
    bytes += size;
    try {
      queue.push(batch);
      assign();
      return await promise;
    } finally {
      rows -= input.rows;
      bytes -= size;
      signal?.removeEventListener("abort", abort);
    }
  };

  return {
    scorer(stored) {
      const model = { key: models++, stored };
      return {
        score: (input, withContributions, signal, withTermWeights = false) =>
          score(model, input, withContributions, withTermWeights, signal),
        release() {
          for (const thread of threads) {
            thread.models.delete(model.key);
            post(thread, { kind: "free", model: model.key });
          }
        },
      };
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const reason = new Error("the batch pool is closed");
      for (const batch of [...queue.splice(0), ...[...threads].flatMap(({ work }) => work?.batch ?? [])])
        batch.reject(reason);
      await Promise.all(
        [...threads].map((thread) => {
          const exited = new Promise<void>((resolve) => thread.worker.once("exit", () => resolve()));
          post(thread, { kind: "end" });
          return exited;
        }),
      );
    },
  };
}
