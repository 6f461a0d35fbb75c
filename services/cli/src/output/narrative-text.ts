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

type Words = Readonly<Record<"en" | "de", string>>;

/** Why a narrative is from the template, by the name of its outcome. */
const REASONS: Readonly<Record<string, Words>> = {
  REJECTED: {
    en: "the answer of the language model did not pass the check",
    de: "die Antwort des Sprachmodells hat die Prüfung nicht bestanden",
  },
  CIRCUIT_OPEN: {
    en: "the language model failed several times and is not asked for some time",
    de: "das Sprachmodell ist mehrmals ausgefallen und wird einige Zeit nicht gefragt",
  },
  BUDGET: { en: "the token budget is used up", de: "das Token-Budget ist aufgebraucht" },
  BUSY: { en: "too many narratives are being made", de: "zu viele Texte sind in Arbeit" },
  TIMEOUT: {
    en: "the language model did not answer in time",
    de: "das Sprachmodell hat nicht rechtzeitig geantwortet",
  },
  UNAUTHORIZED: {
    en: "the key of the language model is not valid",
    de: "der Schlüssel des Sprachmodells ist nicht gültig",
  },
  RATE_LIMITED: {
    en: "the language model accepts no more requests for some time",
    de: "das Sprachmodell nimmt einige Zeit keine Anfragen an",
  },
  UNAVAILABLE: { en: "the language model does not answer", de: "das Sprachmodell antwortet nicht" },
  MALFORMED: {
    en: "the answer of the language model is not complete or has another form",
    de: "die Antwort des Sprachmodells ist nicht vollständig oder hat eine andere Form",
  },
};

/** Returns how a narrative was made, in words of its language. An outcome of a later release is shown by its name. */
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
  const reason = REASONS[outcome]?.[isGerman ? "de" : "en"];
  const names = [outcome, ...(rejection === undefined ? [] : [rejection])].join(", ");
  return reason === undefined ? `${template}: ${names}` : `${template}: ${reason} (${names})`;
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
