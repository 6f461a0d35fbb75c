import type { LoadedModels } from "./loaded-models.ts";

/**
 * Receives the outcome of a check of the registry: `swapped` after a new champion was loaded, `rejected` with
 * the error when the check failed, `looked` after every check until the signal is aborted.
 */
export interface ChampionLog {
  swapped(): void;
  rejected(error: unknown): void;
  looked?(): void;
}

/**
 * Checks the registry for a new champion version: at once, and then `everyMs` after the end of each check,
 * until the signal is aborted. Consecutive checks that fail with the same error call `log.rejected` only
 * once.
 * @returns when the first check has ended
 */
export async function watchChampion(
  refresh: () => ReturnType<LoadedModels["refreshChampion"]>,
  everyMs: number,
  log: ChampionLog,
  signal: AbortSignal,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let lastRejection = "";
  const look = async (): Promise<void> => {
    try {
      if ((await refresh()) === "swapped") log.swapped();
      lastRejection = "";
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      if (text !== lastRejection) log.rejected(error);
      lastRejection = text;
    }
    if (signal.aborted) return;
    log.looked?.();
    timer = setTimeout(look, everyMs).unref();
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  await look();
}
