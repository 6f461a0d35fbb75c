/**
 * Returns chunks whose iterator calls `close` when it is stopped, also before its first chunk and while a chunk is awaited:
 * generators and streams of Node do not.
 */
export function closingChunks(
  chunks: AsyncIterable<Uint8Array>,
  close: () => Promise<void> | void,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = chunks[Symbol.asyncIterator]();
      return {
        next: () => iterator.next(),
        async return() {
          await close();
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
