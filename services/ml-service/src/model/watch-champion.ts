import type { LoadedModels } from "./loaded-models.ts";

/** The outcome of one check of the champion alias. */
export interface ChampionLog {
  swapped(): void;
  rejected(error: unknown): void;
}

/**
 * Checks for a new champion now and every `everyMs` until the signal is aborted, one check at a time. The
 * same rejection is reported once, not after every check.
 * @returns after the first check
 */
export async function watchChampion(
  loadedModels: Pick<LoadedModels, "refreshChampion">,
  everyMs: number,
  log: ChampionLog,
  signal: AbortSignal,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let lastRejection = "";
  const look = async (): Promise<void> => {
    try {
      if ((await loadedModels.refreshChampion()) === "swapped") log.swapped();
      lastRejection = "";
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      if (text !== lastRejection) log.rejected(error);
      lastRejection = text;
    }
    if (!signal.aborted) timer = setTimeout(look, everyMs).unref();
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  await look();
}
