import type { ModelShelf } from "./model-shelf.ts";

/** How a look at the champion ended. */
export interface ChampionLog {
  swapped(): void;
  refused(error: unknown): void;
}

/**
 * Looks for a new champion every `everyMs` until the signal fires, one look at a time. A refusal is reported once, not on every look.
 */
export function watchChampion(shelf: ModelShelf, everyMs: number, log: ChampionLog, signal: AbortSignal): void {
  let lastRefusal = "";
  const look = async (): Promise<void> => {
    try {
      if ((await shelf.refreshChampion()) === "swapped") log.swapped();
      lastRefusal = "";
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      if (text !== lastRefusal) log.refused(error);
      lastRefusal = text;
    }
    if (!signal.aborted) timer = setTimeout(look, everyMs).unref();
  };
  let timer = setTimeout(look, everyMs).unref();
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
