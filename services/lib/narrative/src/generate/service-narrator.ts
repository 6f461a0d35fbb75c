import type { Language } from "../facts/language.ts";
import { lazyNarrator } from "./lazy-narrator.ts";
import type { Narrator } from "./narrator.ts";

/** The narrator of a service, and the language of requests that name none. */
export interface ServiceNarrator extends Narrator {
  readonly defaultLanguage: Language;
}

/** Time before the deadline of a call at which a narrative from the template is sent instead. */
const ANSWER_TIME_MS = 250;

/** Returns how long a call can wait for a narrative. @param leftMs time until its deadline; undefined: it has none */
export function narrativeWaitMs(leftMs: number | undefined): number | undefined {
  return leftMs === undefined ? undefined : Math.max(0, leftMs - ANSWER_TIME_MS);
}

/** A narrator without a language model, in English by default. */
export const TEMPLATE_NARRATOR: ServiceNarrator = {
  defaultLanguage: "en",
  ...lazyNarrator({
    model: undefined,
    limits: { timeoutMs: 0, concurrency: 0, tokensPerMinute: 0, tokensPerDay: 0, cacheEntries: 0 },
    now: Date.now,
  }),
};
