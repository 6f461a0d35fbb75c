import { type Counter, metrics } from "@opentelemetry/api";
import type { Language } from "../facts/language.ts";
import type { SentenceWording } from "../render/write-narrative.ts";
import type { Narrative, TemplateReason } from "./narrator.ts";

let counter: Counter | undefined;
let sentenceCounter: Counter | undefined;

/**
 * Counts a narrative in the metric `bellwether.narratives`: by language, by outcome ("ACCEPTED", "SENTENCES_REPLACED",
 * or why the template was used), where something was rejected by the rule that it breaks, and where the language model
 * was asked again, by what came of it. Counts its sentences in `bellwether.narrative.sentences`: by language and by who
 * chose their content; "rejected" are those of the language model that state nothing.
 */
export function countNarrative(narrative: Narrative, language: Language): void {
  // Created at the first narrative, because the meter provider is registered by then.
  counter ??= metrics.getMeter("bellwether.narrative").createCounter("bellwether.narratives", {
    unit: "{narrative}",
    description: "Narratives by outcome.",
  });
  counter.add(1, {
    language,
    outcome: outcomeOf(narrative),
    ...(narrative.rejection !== undefined && { rejection: narrative.rejection }),
    ...(narrative.secondRequest !== undefined && { second_request: narrative.secondRequest }),
  });
  sentenceCounter ??= metrics.getMeter("bellwether.narrative").createCounter("bellwether.narrative.sentences", {
    unit: "{sentence}",
    description: "Sentences of narratives by who chose their content.",
  });
  for (const wording of wordingsOf(narrative)) sentenceCounter.add(1, { language, wording });
  const rejected = narrative.source === "template" ? 0 : narrative.rejectedSentences;
  if (rejected > 0) sentenceCounter.add(rejected, { language, wording: "rejected" });
}

/** Returns who chose the content of each sentence. */
export const wordingsOf = (narrative: Narrative): readonly SentenceWording[] =>
  narrative.source === "template" ? narrative.sentences.map(() => "template") : narrative.wordings;

/** Returns the outcome of a narrative, as the metric and the contract name it. */
export function outcomeOf(narrative: Narrative): TemplateReason | "ACCEPTED" | "SENTENCES_REPLACED" {
  if (narrative.source === "template") return narrative.reason;
  return narrative.rejection === undefined ? "ACCEPTED" : "SENTENCES_REPLACED";
}
