/**
 * Estimated memory of one scoring thread, bytes. Measured with the demo model and batches of 8,192 rows with
 * contributions: 238, 265, 319 and 441 MiB of RSS at 1, 2, 4 and 8 threads, which is 29 MiB per thread. A
 * larger model needs more, because each thread has its own copy of it.
 */
const THREAD_BYTES = 64 * 2 ** 20;
/**
 * Share of the memory that scoring threads can use. The rest is for the event loop, waiting batches and
 * loaded models.
 */
const THREAD_SHARE = 0.5;

/** The resources that the machine or the container gives to the process. */
export interface Machine {
  /** Number of cores that the process can use. */
  readonly cores: number;
  /** Memory of the machine, bytes. */
  readonly memoryBytes: number;
  /** Memory limit of the container, bytes. 0: not known. */
  readonly memoryLimitBytes: number;
}

/**
 * Returns the number of scoring threads when the configuration does not set it: one less than the number of
 * cores, reduced so that the threads use at most half of the memory; at least 1.
 */
export function defaultScoringThreads({ cores, memoryBytes, memoryLimitBytes }: Machine): number {
  const memory = memoryLimitBytes > 0 ? Math.min(memoryBytes, memoryLimitBytes) : memoryBytes;
  return Math.max(1, Math.min(cores - 1, Math.floor((memory * THREAD_SHARE) / THREAD_BYTES)));
}
