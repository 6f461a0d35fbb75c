import { countText } from "@bellwether/reasons/count-text";

/** How the narrative was made, as in the answer of `POST /explain`. */
export interface NarrativeInfoJson {
  readonly language?: string;
  /** Whether a language model chose what the sentences state. */
  readonly generated: boolean;
  readonly outcome?: string;
  readonly rejection?: string;
  readonly language_model?: string;
  /** Positions of the sentences that the service added to those of a language model. */
  readonly template_sentences?: readonly number[];
  readonly rejected_sentences?: number;
  /** Who chose the content of each sentence: SERVICE (a language model, in the words of the service) or TEMPLATE. */
  readonly wordings?: readonly string[];
}

/** Returns how a narrative was made, in words. */
export function narrativeMadeBy({
  generated,
  language_model: model,
  outcome,
  rejection,
  ...rest
}: NarrativeInfoJson): string {
  if (generated) {
    const added = (rest.template_sentences ?? []).map((position) => position + 1).join(", ");
    const left = rest.rejected_sentences ?? 0;
    const parts = [
      ...(added === "" ? [] : [`sentence ${added} added by the service`]),
      ...(left === 0 ? [] : [`${countText(left, "sentence")} without claims not shown`]),
    ];
    return [`chosen by ${model ?? "a language model"}, in the words of the service, checked`, ...parts].join("; ");
  }
  if (outcome === undefined || outcome === "NOT_CONFIGURED" || outcome === "NO_SCORE") return "from the template";
  return `from the template: ${outcome}${rejection === undefined ? "" : `, ${rejection}`}`;
}
