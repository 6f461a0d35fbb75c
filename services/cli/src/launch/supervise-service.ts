import { setTimeout as pause } from "node:timers/promises";

/** A service or server that is started again when it ends by itself. */
export interface SupervisedProcess extends AsyncDisposable {
  readonly name: string;
  /** Its end, in one sentence that begins with the name. */
  readonly ended: Promise<string>;
}

export interface SupervisorOptions {
  /** Says what became of the service, one line. */
  readonly say: (text: string) => void;
  /** Default: the system's, milliseconds. */
  readonly now?: () => number;
  /** Waits before the service is started again. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** So many ends within `WITHIN_MS` are not mended by another start. */
const MAX_ENDS = 3;
const WITHIN_MS = 60_000;
const FIRST_WAIT_MS = 250;

/**
 * Starts a service and starts it again whenever it ends by itself, a little later each time. `ended` resolves at the third end within a
 * minute, a start that fails included, and names the service and how it ended. Addresses stay those of the first start: ports must be fixed.
 * @param launch starts the service; the signal ends a start in the middle
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

  /** How the service ended, by itself or while it was starting. */
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
