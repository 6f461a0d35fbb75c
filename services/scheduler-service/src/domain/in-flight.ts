/**
 * Runs `work` for each item of `source`, at most `limit` at a time. One item more is read while they are in progress.
 * The first failure stops the reading and aborts the signal of the other items. It is thrown after they have ended.
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
  const items = source[Symbol.asyncIterator]();
  try {
    for (let next = items.next(); ; ) {
      const read = await next;
      both.throwIfAborted();
      if (read.done) break;
      begin(read.value);
      next = items.next();
      // Its error is thrown when the item is awaited.
      next.catch(() => {});
      if (running.size >= limit) await Promise.race(running);
      both.throwIfAborted();
    }
  } catch (error) {
    failed.abort(error);
    await items.return?.().catch(() => undefined);
  }
  await Promise.all(running);
  both.throwIfAborted();
}

/** Waits for all of these, also when one fails, and returns their results. @throws the first error */
export async function allOf<const T extends readonly Promise<unknown>[]>(
  works: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}
