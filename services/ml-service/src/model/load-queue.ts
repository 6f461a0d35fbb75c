import { ModelLoadsFullError } from "../domain/ml-error.ts";

/** Runs loads one after the other: each needs memory and time of the processor. */
export interface LoadQueue {
  /**
   * Runs a load when those before it have ended. Loads for an alias come before those that callers have requested.
   * @throws ModelLoadsFullError when too many requested loads wait; the errors of `load`
   */
  run<T>(kind: "alias" | "requested", load: () => Promise<T>): Promise<T>;
}

/** @param maxWaiting largest number of requested loads that wait for their turn */
export function createLoadQueue(maxWaiting: number): LoadQueue {
  const waiting: Record<"alias" | "requested", (() => void)[]> = { alias: [], requested: [] };
  let isBusy = false;
  return {
    async run(kind, load) {
      if (isBusy) {
        if (kind === "requested" && waiting.requested.length >= maxWaiting)
          throw new ModelLoadsFullError(`${maxWaiting} other versions wait to be loaded`);
        await new Promise<void>((resolve) => waiting[kind].push(resolve));
      }
      isBusy = true;
      try {
        return await load();
      } finally {
        const next = waiting.alias.shift() ?? waiting.requested.shift();
        // The queue stays busy until the next load begins, so that no later caller comes before it.
        if (next === undefined) isBusy = false;
        else next();
      }
    },
  };
}
