import { type Counter, metrics } from "@opentelemetry/api";
import type { Language } from "../facts/language.ts";
import type { Narrative } from "./narrator.ts";

let counter: Counter | undefined;

/**
 * Counts a narrative in the metric `bellwether.narratives`: by language, by outcome ("ACCEPTED", or why the template
 * was used) and, for a rejected answer, by the rule that it breaks.
 */
export function countNarrative(narrative: Narrative, language: Language): void {
  // Created at the first narrative, because the meter provider is registered by then.
  counter ??= metrics.getMeter("bellwether.narrative").createCounter("bellwether.narratives", {
    unit: "{narrative}",
    description: "Narratives by outcome.",
  });
  counter.add(1, {
    language,
    outcome: narrative.source === "language-model" ? "ACCEPTED" : narrative.reason,
    ...(narrative.source === "template" && narrative.rejection !== undefined && { rejection: narrative.rejection }),
  });
}
