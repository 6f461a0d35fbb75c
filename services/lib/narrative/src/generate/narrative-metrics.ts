import { type Counter, metrics } from "@opentelemetry/api";
import type { Language } from "../facts/language.ts";
import type { Narrative, TemplateReason } from "./narrator.ts";

let counter: Counter | undefined;

/**
 * Counts a narrative in the metric `bellwether.narratives`: by language, by outcome ("ACCEPTED", "SENTENCES_REPLACED",
 * or why the template was used), where something was rejected by the rule that it breaks first, and where the language
 * model was asked again, by what came of it.
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
}

/** Returns the outcome of a narrative, as the metric and the contract name it. */
export const outcomeOf = (narrative: Narrative): TemplateReason | "ACCEPTED" | "SENTENCES_REPLACED" =>
  narrative.source === "template"
    ? narrative.reason
    : narrative.rejection === undefined
      ? "ACCEPTED"
      : "SENTENCES_REPLACED";
