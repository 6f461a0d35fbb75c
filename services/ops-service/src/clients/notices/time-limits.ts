/** Time limits of one attempt. Together they are its longest duration. */
export interface TimeLimits {
  /** Name resolution, TCP and TLS. */
  readonly connectTimeoutMs: number;
  /** From the connection to the end of the answer. */
  readonly answerTimeoutMs: number;
}

/** A receiver took longer than its time limit. */
export class TimeLimitError extends Error {
  override readonly name = "TimeLimitError" as const;
}

/**
 * Runs one part of an attempt with a signal that is aborted by `signal` and at the end of the time.
 * @param what what is waited for, named in the error
 * @throws TimeLimitError when the time is over; the errors of `work`
 */
export async function within<T>(
  timeoutMs: number,
  what: string,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any([signal, timeout]));
  } catch (error) {
    if (timeout.aborted && !signal.aborted)
      throw new TimeLimitError(`no ${what} within ${timeoutMs / 1_000} s`, { cause: error });
    throw error;
  }
}
