import { Worker } from "node:worker_threads";
import type { TreeModel } from "../trees/tree-model.ts";
import type { ExplainTask, ExplainWorkerMessage } from "./explain-worker.ts";

/** How an explain pool is built. */
export interface ExplainPoolOptions {
  /** Threads, at least 1: no more than the machine has cores. */
  readonly workers: number;
  /** Rows that may wait for a worker; more are refused. */
  readonly maxQueuedRows: number;
}

/** The pool has as many rows waiting as it may hold. */
export class ExplainPoolFullError extends Error {
  override readonly name = "ExplainPoolFullError" as const;
  readonly queuedRows: number;
  readonly maxQueuedRows: number;

  constructor(queuedRows: number, maxQueuedRows: number) {
    super(`${queuedRows} rows wait to be explained already, at most ${maxQueuedRows} may: try again later`);
    this.queuedRows = queuedRows;
    this.maxQueuedRows = maxQueuedRows;
  }
}

/** Explains batches off the calling thread; bits equal those of `createExplainer` in the calling thread. */
export interface ExplainPool extends AsyncDisposable {
  /** Resolves when every worker has compiled the model. */
  readonly ready: Promise<void>;
  /**
   * Contributions, `[n × outputs × features]`, row-major. The rows are copied.
   * @param signal Drops the chunks that no worker has begun, and rejects with its reason.
   * @throws ExplainPoolFullError, the signal's reason, or the error that ended a worker.
   */
  explain(rows: Float32Array, n: number, signal?: AbortSignal): Promise<Float32Array>;
}

/** Rows a worker takes at once: milliseconds of work, so that short batches do not wait long behind large ones. */
const CHUNK_ROWS = 256;

interface Batch {
  readonly out: Float32Array;
  readonly resolve: (contributions: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
  chunksLeft: number;
}

interface Chunk {
  readonly batch: Batch;
  readonly task: ExplainTask;
  readonly outAt: number;
}

/**
 * Starts worker threads that hold the compiled model.
 * @throws NoCoversError later, from `ready` and `explain`, when the model has no covers.
 */
export function createExplainPool(model: TreeModel, options: ExplainPoolOptions): ExplainPool {
  const { workers: count, maxQueuedRows } = options;
  const { features, outputs } = model;
  const queue: Chunk[] = [];
  const idle: Worker[] = [];
  const running = new Map<Worker, Chunk>();
  let queuedRows = 0;
  let failure: { readonly reason: unknown } | undefined;

  const assign = (): void => {
    for (let worker = idle.pop(); worker !== undefined; worker = idle.pop()) {
      const chunk = queue.shift();
      if (chunk === undefined) {
        idle.push(worker);
        return;
      }
      queuedRows -= chunk.task.n;
      running.set(worker, chunk);
      worker.postMessage(chunk.task, [chunk.task.rows.buffer]);
    }
  };
  const finish = (worker: Worker, contributions: Float32Array): void => {
    const chunk = running.get(worker);
    if (chunk === undefined) return;
    running.delete(worker);
    idle.push(worker);
    assign();
    chunk.batch.out.set(contributions, chunk.outAt);
    if (--chunk.batch.chunksLeft === 0) chunk.batch.resolve(chunk.batch.out);
  };
  const drop = (unwanted: (chunk: Chunk) => boolean): void => {
    for (const chunk of queue.splice(0)) {
      if (unwanted(chunk)) queuedRows -= chunk.task.n;
      else queue.push(chunk);
    }
  };
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    for (const chunk of [...queue, ...running.values()]) chunk.batch.reject(reason);
    drop(() => true);
  };

  const started: Promise<void>[] = [];
  const threads = Array.from({ length: count }, () => {
    const worker = new Worker(new URL("./explain-worker.ts", import.meta.url), { workerData: { model } });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    worker.on("message", (message: ExplainWorkerMessage) => {
      if (message.kind === "ready") resolve();
      else finish(worker, message.contributions);
    });
    worker.on("error", (error) => {
      reject(error);
      fail(error);
    });
    started.push(promise);
    return worker;
  });
  const ready = Promise.all(started).then(() => undefined);
  // Whoever explains learns of the failure from `explain`; nobody need wait for `ready`.
  ready.catch(() => undefined);
  idle.push(...threads);

  return {
    ready,
    async explain(rows, n, signal) {
      signal?.throwIfAborted();
      if (failure !== undefined) throw failure.reason;
      if (rows.length < n * features) throw new RangeError(`${n} rows of ${features} features: ${rows.length} values`);
      if (queuedRows + n > maxQueuedRows) throw new ExplainPoolFullError(queuedRows, maxQueuedRows);
      const out = new Float32Array(n * outputs * features);
      if (n === 0) return out;
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
      const batch: Batch = { out, resolve, reject, chunksLeft: Math.ceil(n / CHUNK_ROWS) };
      for (let first = 0; first < n; first += CHUNK_ROWS) {
        const size = Math.min(CHUNK_ROWS, n - first);
        const task = { rows: rows.slice(first * features, (first + size) * features), n: size };
        queue.push({ batch, task, outAt: first * outputs * features });
      }
      queuedRows += n;
      const abort = (): void => {
        drop((chunk) => chunk.batch === batch);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort);
      assign();
      return promise.finally(() => signal?.removeEventListener("abort", abort));
    },
    async [Symbol.asyncDispose]() {
      fail(new Error("the explain pool is closed"));
      await Promise.all(threads.map((worker) => worker.terminate()));
    },
  };
}
