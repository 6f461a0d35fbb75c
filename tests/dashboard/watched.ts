/** A source of values for any number of watches, each of which gets every value in order. */
export interface Watched<T> {
  report(value: T): void;
  /** Values reported from now on, until the signal ends the watch. */
  values(signal: AbortSignal): AsyncGenerator<T>;
  /** Number of open watches. */
  readonly watchers: number;
  /** Ends every watch, as a server that stops does. */
  drop(): void;
}

export function createWatched<T>(): Watched<T> {
  const watches = new Set<{ queue: T[]; wake: () => void; ended: boolean }>();
  return {
    report(value) {
      for (const watcher of watches) {
        watcher.queue.push(value);
        watcher.wake();
      }
    },
    async *values(signal) {
      const watcher = { queue: [] as T[], wake: () => {}, ended: false };
      const end = (): void => {
        watcher.ended = true;
        watcher.wake();
      };
      watches.add(watcher);
      signal.addEventListener("abort", end);
      try {
        while (!watcher.ended) {
          yield* watcher.queue.splice(0);
          if (watcher.ended || watcher.queue.length > 0) continue;
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
        }
      } finally {
        signal.removeEventListener("abort", end);
        watches.delete(watcher);
      }
    },
    get watchers() {
      return watches.size;
    },
    drop() {
      for (const watcher of watches) {
        watcher.ended = true;
        watcher.wake();
      }
    },
  };
}
