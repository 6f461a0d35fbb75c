import { setTimeout as pause } from "node:timers/promises";

/** A service or server that is started again when it ends by itself. */
export interface SupervisedProcess extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the process has ended, with one sentence that begins with its name. */
  readonly ended: Promise<string>;
}

export interface SupervisorOptions {
  /** Called with one line whenever the service is started again. */
  readonly say: (text: string) => void;
  /** Returns the time, milliseconds. Default: Date.now. */
  readonly now?: () => number;
  /** Waits before the service is started again. Default: a timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Number of ends within `WITHIN_MS` after which the service is not started again. */
const MAX_ENDS = 3;
const WITHIN_MS = 60_000;
const FIRST_WAIT_MS = 250;

/**
 * Starts a service, and starts it again whenever it ends by itself, after a longer wait each time. `ended`
 * resolves at the third end within a minute with the name of the service and the cause; a failed start counts
 * as an end. The addresses are those of the first start, so the ports must be fixed.
 * @param launch starts the service; its signal stops a start before it is complete
 * @throws what the first `launch` throws
 */
export async function superviseService<T extends SupervisedProcess>(
  launch: (signal: AbortSignal) => Promise<T>,
  { say, now = Date.now, wait = rest }: SupervisorOptions,
): Promise<T> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const first = await launch(signal);
  let running: T | null = first;
  const ends: number[] = [];

  /** Waits for the end of the service and returns its cause. A failed start is an end. */
  const endOf = async (): Promise<string> => {
    try {
      running ??= await launch(signal);
      return await running.ended;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      running = null;
    }
  };
  const supervise = async (): Promise<string> => {
    for (;;) {
      const how = await endOf();
      if (signal.aborted) return how;
      ends.push(now());
      const recent = ends.filter((time) => time > now() - WITHIN_MS).length;
      if (recent >= MAX_ENDS) return `${how}, for the ${MAX_ENDS}rd time within a minute`;
      say(`${how}; starting it again`);
      await wait(FIRST_WAIT_MS * 4 ** (recent - 1), signal);
      if (signal.aborted) return how;
    }
  };
  const ended = supervise();
  return {
    ...first,
    ended,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running?.[Symbol.asyncDispose]();
      await ended;
    },
  };
}

const rest = (ms: number, signal: AbortSignal): Promise<void> => pause(ms, undefined, { signal }).catch(() => {});
