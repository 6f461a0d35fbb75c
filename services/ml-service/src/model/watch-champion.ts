import type { LoadedModels } from "./loaded-models.ts";

/** How a look at the champion ended. */
export interface ChampionLog {
  swapped(): void;
  rejected(error: unknown): void;
}

/**
 * Looks for a new champion now and every `everyMs` until the signal fires, one look at a time. A refusal is reported once, not on every look.
 * @returns when the first look has ended
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
