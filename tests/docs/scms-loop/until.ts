import { setTimeout as pause } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";

/** Model of config/examples/scms. */
export const MODEL = "scms-late-delivery";
/** Interval at which the scheduler checks whether a retrain is due, and at which this program looks at a state, ms. */
export const LOOK_MS = 200;
const LIMIT_MS = 120_000;

/** Codes of a server that did not answer in time, for example on a busy machine: the next look may succeed. */
const PASSING: ReadonlySet<Code> = new Set([Code.DeadlineExceeded, Code.Unavailable]);

/**
 * Returns the first value that is not null. A look that is not answered in time is repeated.
 * @param look reads a state, and changes nothing
 * @throws Error when none is found in two minutes; other errors of `look`
 */
export async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  for (const end = performance.now() + LIMIT_MS; performance.now() < end; await pause(LOOK_MS)) {
    const found = await look().catch((error: unknown) => {
      if (error instanceof ConnectError && PASSING.has(error.code)) return null;
      throw error;
    });
    if (found !== null) return found;
  }
  throw new Error(`${what}: not in ${LIMIT_MS / 1_000} s`);
}
