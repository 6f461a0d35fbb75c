import { setTimeout as pause } from "node:timers/promises";

/** Model of config/examples/scms. */
export const MODEL = "scms-late-delivery";
/** Interval at which the scheduler checks whether a retrain is due, and at which this program looks at a state, ms. */
export const LOOK_MS = 200;
const LIMIT_MS = 120_000;

/** Returns the first value that is not null. @throws Error when none is found in two minutes */
export async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  for (const end = performance.now() + LIMIT_MS; performance.now() < end; await pause(LOOK_MS)) {
    const found = await look();
    if (found !== null) return found;
  }
  throw new Error(`${what}: not in ${LIMIT_MS / 1_000} s`);
}
