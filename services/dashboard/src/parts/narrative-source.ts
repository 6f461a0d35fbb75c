import { type NarrativeInfo, NarrativeOutcome } from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import { countText } from "@bellwether/reasons/count-text";

/** Why a narrative is from the template, by outcome. An outcome without an entry needs no explanation. */
const REASONS: ReadonlyMap<NarrativeOutcome, string> = new Map([
  [NarrativeOutcome.REJECTED, "the answer of the language model did not pass the check"],
  [NarrativeOutcome.CIRCUIT_OPEN, "the language model failed several times"],
  [NarrativeOutcome.BUDGET, "the token budget is used up"],
  [NarrativeOutcome.BUSY, "too many texts are being written"],
  [NarrativeOutcome.TIMEOUT, "the language model did not answer in time"],
  [NarrativeOutcome.UNAUTHORIZED, "the key of the language model is not valid"],
  [NarrativeOutcome.RATE_LIMITED, "the language model accepts no more requests"],
  [NarrativeOutcome.UNAVAILABLE, "the language model does not answer"],
  [NarrativeOutcome.MALFORMED, "the language model did not answer completely"],
]);

type MadeBy = Pick<NarrativeInfo, "generated" | "outcome" | "languageModel"> &
  Partial<Pick<NarrativeInfo, "templateSentences" | "rejectedSentences">>;

/** Returns what was added and left out. The page marks the added sentences. */
function changedText({ rejectedSentences = 0, templateSentences = [] }: MadeBy): string {
  const added = countText(templateSentences.length, "marked sentence was", "marked sentences were");
  const left = countText(rejectedSentences, "sentence");
  return [
    ...(templateSentences.length > 0 ? [` ${added} added by Bellwether.`] : []),
    ...(rejectedSentences > 0 ? [` Not shown: ${left} without a statement to check.`] : []),
  ].join("");
}

/** Returns who chose what a narrative states, and the result of the check. */
export function madeBy(info: MadeBy | undefined): string {
  if (info?.generated) {
    const changed = info.outcome === NarrativeOutcome.SENTENCES_REPLACED ? changedText(info) : "";
    return `Chosen by the language model ${info.languageModel}, in the words of Bellwether. Each statement was checked against this score.${changed}`;
  }
  const reason = REASONS.get(info?.outcome ?? NarrativeOutcome.UNSPECIFIED);
  return `Written from a template${reason === undefined ? "" : `, because ${reason}`}.`;
}
