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

/** Returns how a narrative was made, in words of its language. The names of outcomes are those of `NarrativeInfo`. */
export function narrativeMadeBy({
  generated,
  language_model: model,
  outcome,
  rejection,
  ...rest
}: NarrativeInfoJson): string {
  const isGerman = rest.language === "de";
  if (generated && isGerman) return germanText(model, rest);
  if (generated) {
    const added = (rest.template_sentences ?? []).map((position) => position + 1).join(", ");
    const left = rest.rejected_sentences ?? 0;
    const parts = [
      ...(added === "" ? [] : [`sentence ${added} added by the service`]),
      ...(left === 0 ? [] : [`${countText(left, "sentence")} without claims not shown`]),
    ];
    return [`chosen by ${model ?? "a language model"}, in the words of the service, checked`, ...parts].join("; ");
  }
  const template = isGerman ? "aus der Vorlage" : "from the template";
  if (outcome === undefined || outcome === "NOT_CONFIGURED" || outcome === "NO_SCORE") return template;
  return `${template}: ${outcome}${rejection === undefined ? "" : `, ${rejection}`}`;
}

function germanText(
  model: string | undefined,
  { template_sentences: added = [], rejected_sentences: left = 0 }: Omit<NarrativeInfoJson, "generated">,
): string {
  const positions = added.map((position) => position + 1).join(", ");
  return [
    `Aussagen gewählt von ${model ?? "einem Sprachmodell"}, in den Worten des Dienstes, geprüft`,
    ...(positions === "" ? [] : [`Satz ${positions} vom Dienst ergänzt`]),
    ...(left === 0 ? [] : [`${countText(left, "Satz", "Sätze")} ohne Aussage nicht gezeigt`]),
  ].join("; ");
}
