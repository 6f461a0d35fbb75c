/** The queue is full: the rows or bytes that wait for a thread have reached their limit. */
export class BatchQueueFullError extends Error {
  override readonly name = "BatchQueueFullError" as const;
  readonly retryAfterMs = 500;
  constructor(rows: number) {
    super(`${rows} rows already wait for scoring; try again in a moment, or send smaller batches`);
  }
}

/** The thread that scored the batch has ended; the caller may send the same batch again. */
export class BatchWorkerLostError extends Error {
  override readonly name = "BatchWorkerLostError" as const;
  readonly retryAfterMs = 100;
  constructor(cause: unknown) {
    super("the thread that scored this batch ended; try again", { cause });
  }
}
