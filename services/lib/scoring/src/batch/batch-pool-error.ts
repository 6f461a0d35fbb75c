/** The queue is full: the rows or bytes that wait for a thread have reached their limit. */
export class BatchQueueFullError extends Error {
  override readonly name = "BatchQueueFullError" as const;
  readonly retryAfterMs = 500;
  constructor(rows: number) {
    super(`${rows} rows already wait for scoring; try again in a moment, or send smaller batches`);
  }
}

/** Too many searches for counterfactuals are unfinished. */
export class SearchQueueFullError extends Error {
  override readonly name = "SearchQueueFullError" as const;
  readonly retryAfterMs = 1_000;
  constructor(searches: number) {
    super(`${searches} searches for counterfactuals are not finished yet; try again in a moment`);
  }
}

/** The thread that scored the batch, or searched, has ended; the caller may send the same request again. */
export class BatchWorkerLostError extends Error {
  override readonly name = "BatchWorkerLostError" as const;
  readonly retryAfterMs = 100;
  constructor(cause: unknown) {
    super("the thread that worked on this request ended; try again", { cause });
  }
}
