/**
 * Runs `work` for each item of `source`, at most `limit` at a time. Reads an item only when its work can
 * start. The first failure stops the reading and aborts the signal of the other items. It is thrown after
 * they have ended.
 */
export async function forEachInFlight<T>(
  source: AsyncIterable<T>,
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const running = new Set<Promise<void>>();
  const begin = (item: T): void => {
    const one: Promise<void> = work(item, both)
      .catch((error: unknown) => failed.abort(error))
      .finally(() => running.delete(one));
    running.add(one);
  };
  try {
    for await (const item of source) {
      both.throwIfAborted();
      begin(item);
      if (running.size >= limit) await Promise.race(running);
      both.throwIfAborted();
    }
  } catch (error) {
    failed.abort(error);
  }
  await Promise.all(running);
  both.throwIfAborted();
}
