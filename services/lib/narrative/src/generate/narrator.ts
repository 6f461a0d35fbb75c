import { createHash } from "node:crypto";
import { type AnswerRejection, checkAnswer } from "../check/check-answer.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { writeTemplate } from "../template/write-template.ts";
import { createAnswerCache } from "./answer-cache.ts";
import { createCircuitBreaker } from "./circuit-breaker.ts";
import { type LanguageModel, LanguageModelError, type LanguageModelFailure, type Prompt } from "./language-model.ts";
import { createTokenBudget, type TokenBudget } from "./token-budget.ts";
import { writePrompt } from "./write-prompt.ts";

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

/** A narrative, and how it was made. */
export type Narrative =
  | {
      readonly source: "language-model";
      readonly sentences: readonly string[];
      /** Name of the language model. */
      readonly modelName: string;
      /** Whether the answer was stored from an earlier call with equal facts. */
      readonly isCached: boolean;
      /** Positions of the sentences that are from the template, from 0. */
      readonly templateSentences: readonly number[];
      /** Number of sentences of the answer that are not shown. */
      readonly rejectedSentences: number;
      /** The first rule that a sentence breaks, or INCOMPLETE. Left out: the answer is shown whole. */
      readonly rejection?: AnswerRejection;
    }
  | {
      readonly source: "template";
      readonly sentences: readonly string[];
      readonly reason: TemplateReason;
      /** The rule that the answer breaks. Only with the reason REJECTED. */
      readonly rejection?: AnswerRejection;
    };

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
  /** Longest time of one call. */
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

/** Failures in a row that open the circuit, and for how long. */
const BREAKER = { failures: 5, openMs: 30_000 };
/** A key that is not valid stays so until an operator changes it. */
const UNAUTHORIZED_OPEN_MS = 300_000;
const ACCEPTED_AGE_MS = 86_400_000;
/** An answer that was rejected is not asked for again at once. */
const REJECTED_AGE_MS = 600_000;
/** Least number of characters of a token: the estimate of a request's tokens is not too low. */
const CHARACTERS_PER_TOKEN = 3;

/** What is known about an answer: its text, or why there is none. */
type Answered = { readonly content: string } | { readonly reason: TemplateReason };

/**
 * Creates a narrator. Equal facts are asked for once: callers at the same time share one call, later ones get the
 * stored answer. Each answer is checked for each supplier before it is shown.
 */
export function createNarrator({ model, limits, now, record, onFailure }: NarratorOptions): Narrator {
  const breaker = createCircuitBreaker({ ...BREAKER, now });
  const budget = createTokenBudget({ perMinute: limits.tokensPerMinute, perDay: limits.tokensPerDay, now });
  const cache = createAnswerCache<Answered | { readonly rejection: AnswerRejection }>({
    entries: limits.cacheEntries,
    now,
  });
  const underWay = new Map<string, Promise<Answered>>();

  /** Returns the answer of a call that is under way or that is begun, or why none is begun. */
  const ask = (key: string, prompt: Prompt, asked: LanguageModel): Promise<Answered> | TemplateReason => {
    const shared = underWay.get(key);
    if (shared) return shared;
    if (underWay.size >= limits.concurrency) return "BUSY";
    if (!breaker.tryEnter()) return "CIRCUIT_OPEN";
    const call = callModel(asked, prompt, budget, limits.timeoutMs);
    if (call === undefined) {
      breaker.left();
      return "BUDGET";
    }
    const answered = call
      .then(
        (content): Answered => {
          breaker.succeeded();
          return { content };
        },
        (cause: unknown): Answered => {
          const error = cause instanceof LanguageModelError ? cause : new LanguageModelError("UNAVAILABLE");
          breaker.failed(error.failure === "UNAUTHORIZED" ? UNAUTHORIZED_OPEN_MS : undefined);
          onFailure?.(error);
          return { reason: error.failure };
        },
      )
      .finally(() => underWay.delete(key));
    underWay.set(key, answered);
    return answered;
  };

  const narrate = async ({ supplierId, facts, language, waitMs, signal }: NarrativeRequest): Promise<Narrative> => {
    const template = (reason: TemplateReason, rejection?: AnswerRejection): Narrative =>
      fromTemplate(supplierId, facts, language, reason, rejection);
    if (model === undefined) return template("NOT_CONFIGURED");
    if (facts.riskScore === null && facts.prediction === null) return template("NO_SCORE");
    const prompt = writePrompt(facts, language);
    const key = createHash("sha256")
      .update(JSON.stringify([model.name, prompt]))
      .digest("base64");
    const stored = cache.get(key);
    if (stored && "rejection" in stored) return template("REJECTED", stored.rejection);
    let answered: Answered | undefined = stored;
    if (answered === undefined) {
      const asked = ask(key, prompt, model);
      if (typeof asked === "string") return template(asked);
      answered = await withinTime(asked, waitMs, signal);
    }
    if ("reason" in answered) return template(answered.reason);
    const checked = checkAnswer(answered.content, supplierId, facts, language);
    if (!checked.accepted) {
      cache.set(key, { rejection: checked.rejection }, REJECTED_AGE_MS);
      return template("REJECTED", checked.rejection);
    }
    if (stored === undefined) cache.set(key, answered, ACCEPTED_AGE_MS);
    return {
      source: "language-model",
      sentences: checked.sentences.map(({ text }) => text),
      ...{ modelName: model.name, isCached: stored !== undefined },
      templateSentences: checked.sentences.flatMap(({ isTemplate }, i) => (isTemplate ? [i] : [])),
      rejectedSentences: checked.rejectedSentences,
      ...(checked.rejection !== undefined && { rejection: checked.rejection }),
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

function fromTemplate(
  supplierId: string,
  facts: NarrativeFacts,
  language: Language,
  reason: TemplateReason,
  rejection?: AnswerRejection,
): Narrative {
  const sentences = writeTemplate(supplierId, facts, language);
  return { source: "template", sentences, reason, ...(rejection !== undefined && { rejection }) };
}

/** Calls the model with a time limit and within the budget. Undefined: the budget is used up. */
function callModel(
  model: LanguageModel,
  prompt: Prompt,
  budget: TokenBudget,
  timeoutMs: number,
): Promise<string> | undefined {
  const characters = prompt.instructions.length + prompt.facts.length;
  const reservation = budget.reserve(Math.ceil(characters / CHARACTERS_PER_TOKEN) + model.maxAnswerTokens);
  if (reservation === undefined) return;
  const signal = AbortSignal.timeout(timeoutMs);
  return model.complete(prompt, signal).then(({ content, tokens }) => {
    if (tokens !== undefined) reservation.settle(tokens);
    return content;
  });
}

/** Waits for an answer at most for a time; the call continues for other callers and the cache. */
async function withinTime(
  answer: Promise<Answered>,
  waitMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Answered> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const timer = waitMs === undefined ? undefined : setTimeout(resolve, waitMs, { reason: "TIMEOUT" });
  const ended = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", ended, { once: true });
  answer.then(resolve, reject);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", ended);
  }
}
