import {
  type NarrativeInfoSchema,
  NarrativeLanguage,
  NarrativeOutcome,
  NarrativeRejection,
  NarrativeSecondRequest,
  NarrativeWording,
} from "@bellwether/gen/bellwether/inference/v1/narrative_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AnswerRejection } from "../check/check-answer.ts";
import type { Language } from "../facts/language.ts";
import { outcomeOf, wordingsOf } from "../generate/narrative-metrics.ts";
import type { Narrative, SecondRequest } from "../generate/narrator.ts";
import type { SentenceWording } from "../render/write-narrative.ts";

const LANGUAGE_NUMBERS = {
  en: NarrativeLanguage.ENGLISH,
  de: NarrativeLanguage.GERMAN,
} as const satisfies Record<Language, NarrativeLanguage>;

const OUTCOMES: Readonly<Record<ReturnType<typeof outcomeOf>, NarrativeOutcome>> = {
  ACCEPTED: NarrativeOutcome.ACCEPTED,
  SENTENCES_REPLACED: NarrativeOutcome.SENTENCES_REPLACED,
  NOT_CONFIGURED: NarrativeOutcome.NOT_CONFIGURED,
  NO_SCORE: NarrativeOutcome.NO_SCORE,
  REJECTED: NarrativeOutcome.REJECTED,
  CIRCUIT_OPEN: NarrativeOutcome.CIRCUIT_OPEN,
  BUDGET: NarrativeOutcome.BUDGET,
  BUSY: NarrativeOutcome.BUSY,
  TIMEOUT: NarrativeOutcome.TIMEOUT,
  UNAUTHORIZED: NarrativeOutcome.UNAUTHORIZED,
  RATE_LIMITED: NarrativeOutcome.RATE_LIMITED,
  UNAVAILABLE: NarrativeOutcome.UNAVAILABLE,
  MALFORMED: NarrativeOutcome.MALFORMED,
};

const REJECTIONS: Readonly<Record<AnswerRejection, NarrativeRejection>> = {
  FORM: NarrativeRejection.FORM,
  SIZE: NarrativeRejection.SIZE,
  INCOMPLETE: NarrativeRejection.INCOMPLETE,
  CLAIMS: NarrativeRejection.CLAIMS,
};

const WORDINGS: Readonly<Record<SentenceWording, NarrativeWording>> = {
  service: NarrativeWording.SERVICE,
  template: NarrativeWording.TEMPLATE,
};

const { FAILED } = NarrativeSecondRequest;
const SECOND_REQUESTS: Readonly<Record<SecondRequest, NarrativeSecondRequest>> = {
  WHOLE: NarrativeSecondRequest.WHOLE,
  NOTHING: NarrativeSecondRequest.NOTHING,
  BUDGET: NarrativeSecondRequest.BUDGET,
  ...{ TIMEOUT: FAILED, UNAUTHORIZED: FAILED, RATE_LIMITED: FAILED, UNAVAILABLE: FAILED, MALFORMED: FAILED },
};

/** Returns the language of a request. @param fallback Used when the request names none. */
export function languageFromProto(language: NarrativeLanguage, fallback: Language): Language {
  if (language === NarrativeLanguage.GERMAN) return "de";
  return language === NarrativeLanguage.ENGLISH ? "en" : fallback;
}

/** Returns how a narrative was made, and the words of the contract that it quotes. */
export function narrativeInfoToProto(
  narrative: Narrative,
  language: Language,
): MessageInitShape<typeof NarrativeInfoSchema> {
  const quotes = narrative.quotes.map(({ text, start, end }) => ({ text, ...(start >= 0 && { start, end }) }));
  const { rejection, secondRequest } = narrative;
  const wordings = wordingsOf(narrative);
  return {
    ...{ language: LANGUAGE_NUMBERS[language], quotes, outcome: OUTCOMES[outcomeOf(narrative)] },
    wordings: wordings.map((wording) => WORDINGS[wording]),
    ...(rejection !== undefined && { rejection: REJECTIONS[rejection] }),
    ...(secondRequest !== undefined && { secondRequest: SECOND_REQUESTS[secondRequest] }),
    ...(narrative.source === "language-model" && {
      ...{ generated: true, languageModel: narrative.modelName, cached: narrative.isCached },
      templateSentences: wordings.flatMap((wording, i) => (wording === "template" ? [i] : [])),
      rejectedSentences: narrative.rejectedSentences,
    }),
  };
}
