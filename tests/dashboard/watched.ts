/** Tells whoever watches of each value, one after the other. */
export interface Watched<T> {
  report(value: T): void;
  /** Values told from now on, until the signal ends it. */
  values(signal: AbortSignal): AsyncGenerator<T>;
  /** How many watch now. */
  readonly watchers: number;
  /** Ends every watch, as a server does that goes away. */
  drop(): void;
}

export function createWatched<T>(): Watched<T> {
  const events = new Set<{ queue: T[]; wake: () => void; ended: boolean }>();
  return {
    report(value) {
      for (const watcher of events) {
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
      events.add(watcher);
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
        events.delete(watcher);
      }
    },
    get watchers() {
      return events.size;
    },
    drop() {
      for (const watcher of events) {
        watcher.ended = true;
        watcher.wake();
      }
    },
  };
}
