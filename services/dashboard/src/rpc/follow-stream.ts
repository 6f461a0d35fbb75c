/** What `followStream` needs. */
export interface StreamToFollow<T> {
  /** Opens the stream; it ends when the signal is aborted. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  /** `isFirst`: of an opening. An idle stream sends messages without content, so that nothing on the way takes it for dead. */
  readonly onMessage: (message: T, isFirst: boolean) => void;
  /** true with the first message of each opening, false when a stream has ended. */
  readonly onLive: (live: boolean) => void;
  /** Resolves after so many milliseconds, or sooner when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Reads a stream and opens it again when it ends or fails, after 1 s, 2 s, 4 s … 30 s; the first message starts over at 1 s. Ends with the signal. */
export async function followStream<T>({ open, onMessage, onLive, wait, signal }: StreamToFollow<T>): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    let live = false;
    try {
      for await (const message of open(signal)) {
        if (signal.aborted) return;
        const isFirst = !live;
        if (isFirst) onLive(true);
        live = true;
        pauseMs = FIRST_PAUSE_MS;
        onMessage(message, isFirst);
      }
    } catch {
      // The next opening is the answer to any failure; `onLive(false)` tells the reader.
    }
    if (signal.aborted) return;
    onLive(false);
    await wait(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Waits by the browser's clock. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
