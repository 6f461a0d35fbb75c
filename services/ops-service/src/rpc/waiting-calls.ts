/** The calls that wait for the result of one work. */
export interface WaitingCalls {
  /** Fires when none of the calls waits any more. */
  readonly signal: AbortSignal;
  /**
   * Waits for the result, or until the signal of the call fires. @param signal undefined: the call waits until the end
   * @throws the error of the work, or the reason of the call's signal
   */
  join<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T>;
}

/** Creates the calls of a work. @param onLeft called when none of them waits any more */
export function createWaitingCalls(onLeft: () => void = () => {}): WaitingCalls {
  const stop = new AbortController();
  let callers = 0;
  return {
    signal: stop.signal,
    async join(result, signal) {
      callers++;
      const canceled = Promise.withResolvers<never>();
      const cancel = () => canceled.reject(signal?.reason);
      signal?.addEventListener("abort", cancel, { once: true });
      if (signal?.aborted) cancel();
      try {
        return await Promise.race([result, canceled.promise]);
      } finally {
        signal?.removeEventListener("abort", cancel);
        callers--;
        if (callers === 0) {
          onLeft();
          stop.abort(new Error("no call waits for the result any more"));
        }
      }
    },
  };
}
