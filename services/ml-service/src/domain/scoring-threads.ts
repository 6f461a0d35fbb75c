/**
 * Memory that a scoring thread is counted with, bytes. Measured with the demo model and batches of 8,192 rows with contributions:
 * 238, 265, 319 and 441 MiB of RSS at 1, 2, 4 and 8 threads, which is 29 MiB a thread; a larger model takes more, as each thread has
 * its own copy.
 */
const THREAD_BYTES = 64 * 2 ** 20;
/** Share of the memory that threads may take; the rest is for the event loop, waiting batches and the models it holds. */
const THREAD_SHARE = 0.5;

/** What the machine, or the container, gives the process. */
export interface Machine {
  /** Cores that it may use. */
  readonly cores: number;
  /** Memory of the machine, bytes. */
  readonly memoryBytes: number;
  /** The container's memory limit, bytes; 0: none is known. */
  readonly memoryLimitBytes: number;
}

/** Scoring threads where none are set: one core less than there are, as far as half of the memory reaches; at least 1. */
export function defaultScoringThreads({ cores, memoryBytes, memoryLimitBytes }: Machine): number {
  const memory = memoryLimitBytes > 0 ? Math.min(memoryBytes, memoryLimitBytes) : memoryBytes;
  return Math.max(1, Math.min(cores - 1, Math.floor((memory * THREAD_SHARE) / THREAD_BYTES)));
}
