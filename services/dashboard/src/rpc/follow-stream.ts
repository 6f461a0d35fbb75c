/** The parameters of `followStream`. */
export interface StreamToFollow<T> {
  /** Opens the stream. It ends when the signal is aborted. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  /**
   * `isFirst`: whether the message is the first one after the stream was opened or opened again. An idle
   * stream sends empty messages, so that proxies do not close it.
   */
  readonly onMessage: (message: T, isFirst: boolean) => void;
  /**
   * Called with true at the first message each time that the stream is opened; called with false when the
   * stream has ended, failed or sent nothing for too long.
   */
  readonly onLive: (live: boolean) => void;
  /** Resolves after this number of milliseconds, or sooner when the signal is aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /**
   * A stream counts as broken after this time without a message. Default 45 s: two heartbeats of the server
   * and some delay.
   */
  readonly silenceMs?: number;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const SILENCE_MS = 45_000;

/**
 * Reads a stream. When it ends, fails or sends nothing for too long, opens it again after 1 s, 2 s, 4 s … 30
 * s. The first message resets the pause to 1 s. Returns when the signal is aborted.
 */
export async function followStream<T>(stream: StreamToFollow<T>): Promise<void> {
  const { onLive, wait, signal } = stream;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    if (await readToEnd(stream)) pauseMs = FIRST_PAUSE_MS;
    if (signal.aborted) return;
    onLive(false);
    await wait(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/**
 * Opens the stream once and reads it until it ends, fails or sends nothing for too long. Returns whether a
 * message arrived.
 */
async function readToEnd<T>(stream: StreamToFollow<T>): Promise<boolean> {
  const { open, onMessage, onLive, signal, silenceMs = SILENCE_MS } = stream;
  const silence = new AbortController();
  const startTimer = () => setTimeout(() => silence.abort(), silenceMs);
  let timer = startTimer();
  let live = false;
  try {
    for await (const message of open(AbortSignal.any([signal, silence.signal]))) {
      if (signal.aborted || silence.signal.aborted) break;
      clearTimeout(timer);
      timer = startTimer();
      const isFirst = !live;
      if (isFirst) onLive(true);
      live = true;
      onMessage(message, isFirst);
    }
  } catch {
    // Failures need no handling here: `followStream` calls `onLive(false)` and opens the stream again.
  } finally {
    clearTimeout(timer);
  }
  return live;
}

/** Waits with the timer of the browser. */
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
