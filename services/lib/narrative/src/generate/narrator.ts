import { createHash } from "node:crypto";
import { type AnswerRejection, checkAnswer } from "../check/check-answer.ts";
import type { ContractQuote } from "../facts/contract-quotes.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { type SentenceWording, writeNarrative } from "../render/write-narrative.ts";
import { quotesOfTemplate, writeTemplate } from "../template/write-template.ts";
import { ACCEPTED_AGE_MS, createAnswerCache, REJECTED_AGE_MS } from "./answer-cache.ts";
import { createCircuitBreaker, PROVIDER_BREAKER, UNAUTHORIZED_OPEN_MS } from "./circuit-breaker.ts";
import { type LanguageModel, LanguageModelError, type LanguageModelFailure, type Prompt } from "./language-model.ts";
import { createTokenBudget, type TokenBudget } from "./token-budget.ts";
import { writeCorrection, writePrompt } from "./write-prompt.ts";

/** Why a narrative is from the template. */
export type TemplateReason =
  /** No language model is configured. */
  | "NOT_CONFIGURED"
  /** The supplier has no score to describe. */
  | "NO_SCORE"
  /** The answer of the language model did not pass the check. */
  | "REJECTED"
  /** The language model has failed in a row, and is not called for some time. */
  | "CIRCUIT_OPEN"
  /** The token budget of this minute or day is used up. */
  | "BUDGET"
  /** Too many calls to the language model are under way. */
  | "BUSY"
  | LanguageModelFailure;

/**
 * Result of the second request to the language model, which is sent when the first answer does not pass the check.
 * WHOLE: the second answer passes. NOTHING: it does not pass. Other values: why the request was not sent or not
 * answered.
 */
export type SecondRequest = "WHOLE" | "NOTHING" | "BUDGET" | LanguageModelFailure;

/** What a narrative shows. */
interface ShownNarrative {
  readonly sentences: readonly string[];
  /** The words of the contract that the sentences quote. */
  readonly quotes: readonly ContractQuote[];
}

/** A narrative, and how it was made. All sentences have the words of the service. */
export type Narrative =
  | (ShownNarrative & {
      readonly source: "language-model";
      /** Name of the language model. */
      readonly modelName: string;
      /** Whether the answer was stored from an earlier call with equal facts. */
      readonly isCached: boolean;
      /** Who chose the content of each sentence. */
      readonly wordings: readonly SentenceWording[];
      /** Number of sentences of the answer without claims. */
      readonly rejectedSentences: number;
      /** CLAIMS: a sentence of the answer has no claims. INCOMPLETE: sentences were added. Left out: neither. */
      readonly rejection?: AnswerRejection;
      /** Left out: the first answer passed. */
      readonly secondRequest?: SecondRequest;
    })
  | (ShownNarrative & {
      readonly source: "template";
      readonly reason: TemplateReason;
      /** The rule that the answer breaks. Only with the reason REJECTED. */
      readonly rejection?: AnswerRejection;
      /** Only with the reason REJECTED. */
      readonly secondRequest?: SecondRequest;
    });

/** What a narrative is written about. */
export interface NarrativeRequest {
  readonly supplierId: string;
  readonly facts: NarrativeFacts;
  readonly language: Language;
  /** Longest time to wait for the language model. Undefined: the narrator's time limit. */
  readonly waitMs?: number | undefined;
  /** Ends the wait of this caller, with the signal's reason as error. */
  readonly signal?: AbortSignal | undefined;
}

/** Writes narratives. */
export interface Narrator {
  /** @throws the reason of the request's signal, and nothing else */
  narrate(request: NarrativeRequest): Promise<Narrative>;
}

/** Limits of the calls to a language model. */
export interface NarratorLimits {
  /** Longest time of one call, a second request about its answer included. */
  readonly timeoutMs: number;
  /** Maximum number of calls under way. */
  readonly concurrency: number;
  readonly tokensPerMinute: number;
  readonly tokensPerDay: number;
  /** Maximum number of answers that are stored. */
  readonly cacheEntries: number;
}

/** What a narrator is made of. */
export interface NarratorOptions {
  /** Undefined: all narratives are from the template. */
  readonly model: LanguageModel | undefined;
  readonly limits: NarratorLimits;
  readonly now: () => number;
  /** Called with each narrative, to count it. */
  readonly record?: (narrative: Narrative, language: Language) => void;
  /** Called with each failed call. The error has no text of the provider. */
  readonly onFailure?: (error: LanguageModelError) => void;
}

/** Least number of characters of a token: the estimate of a request's tokens is not too low. */
const CHARACTERS_PER_TOKEN = 3;

/** What is known about an answer: its text, or why there is none. */
type Answered =
  | { readonly content: string; readonly secondRequest?: SecondRequest | undefined }
  | { readonly reason: TemplateReason };

/** A call that is under way. */
interface Call {
  readonly answered: Promise<Answered>;
  /** The first answer, while the second request is under way. */
  soFar?: Answered;
}

/**
 * Creates a narrator. Equal facts are asked for once: callers at the same time share one call, later ones get the
 * stored answer. Where an answer does not pass the check, the model is asked once more. An answer is checked each time
 * before anything of it is shown.
 */
export function createNarrator({ model, limits, now, record, onFailure }: NarratorOptions): Narrator {
  const breaker = createCircuitBreaker({ ...PROVIDER_BREAKER, now });
  const budget = createTokenBudget({ perMinute: limits.tokensPerMinute, perDay: limits.tokensPerDay, now });
  const cache = createAnswerCache<
    Answered | { readonly rejection: AnswerRejection; readonly secondRequest?: SecondRequest | undefined }
  >({
    entries: limits.cacheEntries,
    now,
  });
  const underWay = new Map<string, Call>();

  const failed = (cause: unknown): LanguageModelFailure => {
    const error = cause instanceof LanguageModelError ? cause : new LanguageModelError("UNAVAILABLE");
    breaker.failed(error.failure === "UNAUTHORIZED" ? UNAUTHORIZED_OPEN_MS : undefined);
    onFailure?.(error);
    return error.failure;
  };

  /** Asks once more, where an answer does not pass the check. */
  const askAgain = async (
    content: string,
    facts: NarrativeFacts,
    prompt: Prompt,
    asked: LanguageModel,
    signal: AbortSignal,
  ): Promise<Answered> => {
    const checked = checkAnswer(content, facts);
    if (checked.rejection === undefined) return { content };
    if (signal.aborted) return { content, secondRequest: "TIMEOUT" };
    const call = callModel(asked, writeCorrection(prompt, content, checked.problems), budget, signal);
    if (call === undefined) return { content, secondRequest: "BUDGET" };
    try {
      const second = await call;
      const isTrue = checkAnswer(second, facts).rejection === undefined;
      return isTrue ? { content: second, secondRequest: "WHOLE" } : { content, secondRequest: "NOTHING" };
    } catch (cause) {
      return { content, secondRequest: failed(cause) };
    }
  };

  /** Returns the call that is under way or that is begun, or why none is begun. */
  const ask = (key: string, prompt: Prompt, asked: LanguageModel, facts: NarrativeFacts): Call | TemplateReason => {
    const shared = underWay.get(key);
    if (shared) return shared;
    if (underWay.size >= limits.concurrency) return "BUSY";
    if (!breaker.tryEnter()) return "CIRCUIT_OPEN";
    const signal = AbortSignal.timeout(limits.timeoutMs);
    const first = callModel(asked, prompt, budget, signal);
    if (first === undefined) {
      breaker.left();
      return "BUDGET";
    }
    const answered = first
      .then(
        (content): Promise<Answered> | Answered => {
          breaker.succeeded();
          call.soFar = { content };
          return askAgain(content, facts, prompt, asked, signal);
        },
        (cause: unknown): Answered => ({ reason: failed(cause) }),
      )
      .finally(() => underWay.delete(key));
    const call: Call = { answered };
    underWay.set(key, call);
    return call;
  };

  const narrate = async (request: NarrativeRequest): Promise<Narrative> => {
    const { supplierId, facts, language, waitMs, signal } = request;
    const template = (
      reason: TemplateReason,
      rejection?: AnswerRejection,
      secondRequest?: SecondRequest,
    ): Narrative => ({
      ...{ source: "template", sentences: writeTemplate(supplierId, facts, language), quotes: quotesOfTemplate(facts) },
      reason,
      ...(rejection !== undefined && { rejection }),
      ...(secondRequest !== undefined && { secondRequest }),
    });
    if (model === undefined) return template("NOT_CONFIGURED");
    if (facts.riskScore === null && facts.prediction === null) return template("NO_SCORE");
    const prompt = writePrompt(facts, language);
    const key = createHash("sha256")
      .update(JSON.stringify([model.name, prompt]))
      .digest("base64");
    const stored = cache.get(key);
    if (stored && "rejection" in stored) return template("REJECTED", stored.rejection, stored.secondRequest);
    let answered: Answered | undefined = stored;
    if (answered === undefined) {
      const asked = ask(key, prompt, model, facts);
      if (typeof asked === "string") return template(asked);
      answered = await withinTime(asked, waitMs, signal);
    }
    if ("reason" in answered) return template(answered.reason);
    const { content, secondRequest } = answered;
    const checked = checkAnswer(content, facts);
    // The first answer of a call that is still under way is not stored: a better one may follow.
    const isLast = !underWay.has(key);
    if (checked.rejection !== undefined) {
      if (isLast) cache.set(key, { rejection: checked.rejection, secondRequest }, REJECTED_AGE_MS);
      return template("REJECTED", checked.rejection, secondRequest);
    }
    if (stored === undefined && isLast) cache.set(key, answered, ACCEPTED_AGE_MS);
    const { sentences, quotes, isComplete } = writeNarrative(checked.sentences, supplierId, facts, language);
    const rejection = checked.emptySentences > 0 ? "CLAIMS" : isComplete ? undefined : "INCOMPLETE";
    return {
      source: "language-model",
      sentences: sentences.map(({ text }) => text),
      ...{ quotes, modelName: model.name, isCached: stored !== undefined },
      wordings: sentences.map(({ wording }) => wording),
      rejectedSentences: checked.emptySentences,
      ...(rejection !== undefined && { rejection }),
      ...(secondRequest !== undefined && { secondRequest }),
    };
  };
  return {
    async narrate(request) {
      const narrative = await narrate(request);
      record?.(narrative, request.language);
      return narrative;
    },
  };
}

/** Calls the model within the budget. Undefined: the budget is used up. */
function callModel(
  model: LanguageModel,
  prompt: Prompt,
  budget: TokenBudget,
  signal: AbortSignal,
): Promise<string> | undefined {
  const { instructions, facts, correction } = prompt;
  const parts = [instructions, facts, correction?.answer ?? "", correction?.request ?? ""];
  const characters = parts.reduce((sum, { length }) => sum + length, 0);
  const reservation = budget.reserve(Math.ceil(characters / CHARACTERS_PER_TOKEN) + model.maxAnswerTokens);
  if (reservation === undefined) return;
  return model.complete(prompt, signal).then(({ content, tokens }) => {
    // A response without its number of tokens is read as 0: what was reserved counts then.
    if (tokens !== undefined && tokens > 0) reservation.settle(tokens);
    return content;
  });
}

/** Waits for an answer at most for a time, then for its first form; the call continues for other callers and the cache. */
async function withinTime(call: Call, waitMs: number | undefined, signal: AbortSignal | undefined): Promise<Answered> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const timer =
    waitMs === undefined ? undefined : setTimeout(() => resolve(call.soFar ?? { reason: "TIMEOUT" }), waitMs);
  const ended = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", ended, { once: true });
  call.answered.then(resolve, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", ended);
  }
}
