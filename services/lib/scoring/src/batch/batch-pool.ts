import { Worker } from "node:worker_threads";
// This module is imported before the threads start, because a thread cannot turn off the runtime's telemetry.
import "../runtime/load-onnxruntime.ts";
import type { StoredVersion } from "@bellwether/registry/versions/read-version";
import type { ColumnarInput } from "@bellwether/risk-model/features/supplier-input";
import { DEFAULT_BUDGET } from "../counterfactual/counterfactual-budget.ts";
import type { CounterfactualAnswer, CounterfactualRequest } from "../counterfactual/find-counterfactuals.ts";
import { BatchQueueFullError, BatchWorkerLostError, SearchQueueFullError } from "./batch-pool-error.ts";
import { inputBytes, inputRows, scoresInParts, sharedInput } from "./batch-rows.ts";
import { type Batch, callerOf, post, type Search, type Thread, type Work } from "./batch-work.ts";
import type { BatchWorkerAnswer } from "./batch-worker.ts";
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
  /** Maximum number of unfinished searches for counterfactuals. Default: 32. */
  readonly maxSearches?: number;
  /** Called when a thread begins a batch or a search, with the time for which it has waited, milliseconds. */
  readonly onBegun?: (waitMs: number) => void;
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
  /**
   * Searches for counterfactuals within the default budget.
   * @param request One that `checkCounterfactual` accepts.
   * @param path Prefix of field paths in errors, for example "supplier".
   * @param signal Ends the search, and rejects with the signal's reason.
   * @throws SearchQueueFullError, BatchWorkerLostError, the signal's reason
   */
  findCounterfactuals(
    request: CounterfactualRequest,
    path: string,
    signal?: AbortSignal,
  ): Promise<CounterfactualAnswer>;
  /** Makes the threads free the model after their current task. The caller must not pass another batch. */
  release(): void;
}

/** Threads that score batches of any number of models. A thread opens a model when it first scores with it. */
export interface BatchPool extends AsyncDisposable {
  scorer(stored: StoredVersion): BatchScorer;
  /** Returns the rows of all unfinished batches, and the number of unfinished searches. */
  load(): { readonly rows: number; readonly searches: number };
}

/**
 * Number of rows that a thread computes in one task, milliseconds of work. Between two tasks the batch may be
 * dropped, or rows of another batch may be computed.
 */
const CHUNK_ROWS = 256;
/**
 * Largest number of rows of a task without contributions and texts. These rows take a tenth of the time, and each task
 * costs both threads a message.
 */
const FAST_CHUNK_ROWS = 1_024;
/**
 * Number of tasks that a thread has at a time. While it computes one, the next is already there: otherwise it would be
 * idle until the calling thread has read its answer, which takes long when that thread answers calls.
 */
const THREAD_TASKS = 2;
/** Heap limit of a thread: enough to read a model of 64 MiB. */
const MAX_HEAP_MB = 1_024;
/** Limit of a thread's young objects. The rows of a task are a fraction of it; V8's default keeps 48 MiB resident. */
const MAX_YOUNG_MB = 12;

/** Creates a pool; the threads start later, with the first batches. */
export function createBatchPool({
  workers,
  maxRows,
  maxBytes,
  maxSearches = 32,
  onBegun,
  onThreadLost,
}: BatchPoolOptions): BatchPool {
  /**
   * Batches with rows that no thread has begun. After one chunk of a batch was passed to a thread, the batch
   * moves to the end of the queue.
   */
  const queue: Batch[] = [];
  /** Searches that no thread has begun. */
  const searchQueue: Search[] = [];
  /** Maximum number of threads that search at the same time; batches have the others. */
  const searchThreads = Math.max(1, workers >> 1);
  let searches = 0;
  let wasSearch = false;
  const threads = new Set<Thread>();
  let models = 0;
  let rows = 0;
  let bytes = 0;
  let closed = false;

  /** Returns the number of rows of the batch's tasks. A small batch is still divided among all threads. */
  const chunkRows = ({ input, withContributions }: Batch): number => {
    if (withContributions || input.texts !== null) return CHUNK_ROWS;
    const share = Math.ceil(input.rows / workers / CHUNK_ROWS) * CHUNK_ROWS;
    return Math.min(share, FAST_CHUNK_ROWS);
  };
  const drop = (batch: Batch): void => {
    const at = queue.indexOf(batch);
    if (at >= 0) queue.splice(at, 1);
  };
  const dispatch = (thread: Thread, batch: Batch): void => {
    const first = batch.given;
    if (first === 0) onBegun?.(performance.now() - batch.since);
    batch.given = Math.min(first + chunkRows(batch), batch.input.rows);
    if (batch.given < batch.input.rows) queue.push(batch);
    thread.work.push({ kind: "batch", batch, first });
    const input = inputRows(batch.input, first, batch.given);
    const { model, withContributions, withTermWeights } = batch;
    const stored = thread.models.has(model) ? null : batch.stored;
    post(thread, { kind: "score", model, stored, input, withContributions, withTermWeights });
  };
  const dispatchSearch = (thread: Thread, search: Search): void => {
    onBegun?.(performance.now() - search.since);
    thread.work.push({ kind: "search", search });
    const { model, request, path, stopped } = search;
    const stored = thread.models.has(model) ? null : search.stored;
    post(thread, { kind: "search", model, stored, request, path, stopped, ...DEFAULT_BUDGET });
  };
  const searching = (): number => [...threads].filter(({ work }) => work[0]?.kind === "search").length;
  /** Batches and searches take turns where both wait. */
  const isSearchNext = (): boolean =>
    searchQueue.length > 0 && searching() < searchThreads && (queue.length === 0 || !wasSearch);
  /** Returns a thread that can have one more part of a batch. It has the model open, so that the model is sent only once. */
  const busyThread = (batch: Batch | undefined): Thread | undefined =>
    batch &&
    [...threads].find(
      ({ work, models: open }) => work.length < THREAD_TASKS && work[0]?.kind === "batch" && open.has(batch.model),
    );
  const assign = (): void => {
    for (;;) {
      const isSearch = isSearchNext();
      if (!isSearch && queue.length === 0) return;
      const idle = [...threads].find(({ work }) => work.length === 0);
      const busy = idle !== undefined || isSearch || threads.size < workers ? undefined : busyThread(queue[0]);
      if (idle === undefined && busy === undefined && threads.size >= workers) return;
      const thread = idle ?? busy ?? startThread();
      wasSearch = isSearch;
      const search = isSearch ? searchQueue.shift() : undefined;
      const batch = isSearch ? undefined : queue.shift();
      if (search !== undefined) dispatchSearch(thread, search);
      if (batch !== undefined) dispatch(thread, batch);
    }
  };
  const putScores = ({ batch, first }: Work & { readonly kind: "batch" }, scores: BatchScores): void => {
    batch.done += scores.riskScores.length;
    batch.scores.put(first, scores);
    if (batch.done === batch.input.rows) batch.resolve(batch.scores.finish());
  };
  const finish = (thread: Thread, answer: BatchWorkerAnswer): void => {
    const work = thread.work.shift();
    if (work === undefined) return;
    if (answer.kind === "failed") {
      if (work.kind === "batch") drop(work.batch);
      callerOf(work).reject(answer.error);
    } else {
      thread.models.add(work.kind === "batch" ? work.batch.model : work.search.model);
      if (work.kind === "batch" && answer.kind === "scored") putScores(work, answer.scores);
      if (work.kind === "search" && answer.kind === "searched") work.search.resolve(answer.answer);
    }
    assign();
  };
  const onThreadEnd = (thread: Thread, cause: unknown): void => {
    if (!threads.delete(thread) || closed) return;
    onThreadLost?.(cause);
    for (const work of thread.work.splice(0)) {
      if (work.kind === "batch") drop(work.batch);
      callerOf(work).reject(new BatchWorkerLostError(cause));
    }
    assign();
  };
  const startThread = (): Thread => {
    const worker = new Worker(new URL("./batch-worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    const thread: Thread = { worker, models: new Set(), work: [] };
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
      since: performance.now(),
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

  const findCounterfactuals = async (
    model: { readonly key: number; readonly stored: StoredVersion },
    request: CounterfactualRequest,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<CounterfactualAnswer> => {
    signal?.throwIfAborted();
    if (closed) throw new Error("the batch pool is closed");
    if (searches >= maxSearches) throw new SearchQueueFullError(searches);
    const { promise, resolve, reject } = Promise.withResolvers<CounterfactualAnswer>();
    const stopped = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const { key, stored } = model;
    const since = performance.now();
    const search: Search = { model: key, stored, request, path, stopped, since, resolve, reject };
    const abort = (): void => {
      const at = searchQueue.indexOf(search);
      if (at >= 0) searchQueue.splice(at, 1);
      Atomics.store(stopped, 0, 1);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    searches++;
    try {
      searchQueue.push(search);
      assign();
      return await promise;
    } finally {
      searches--;
      signal?.removeEventListener("abort", abort);
    }
  };

  return {
    load: () => ({ rows, searches }),
    scorer(stored) {
      const model = { key: models++, stored };
      return {
        score: (input, withContributions, signal, withTermWeights = false) =>
          score(model, input, withContributions, withTermWeights, signal),
        findCounterfactuals: (request, path, signal) => findCounterfactuals(model, request, path, signal),
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
      const working = [...threads].flatMap(({ work }) => work);
      for (const work of working) if (work.kind === "search") Atomics.store(work.search.stopped, 0, 1);
      for (const caller of [...queue.splice(0), ...searchQueue.splice(0), ...working.map(callerOf)])
        caller.reject(reason);
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
