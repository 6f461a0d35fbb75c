/** A request to a language model. */
export interface Prompt {
  /** What the model has to do. The same for all facts in one language. */
  readonly instructions: string;
  /** The facts as JSON. */
  readonly facts: string;
  /** The answer to the same request that did not pass the check, and what is asked about it. */
  readonly correction?: { readonly answer: string; readonly request: string };
}

/** The answer of a language model. */
export interface Completion {
  readonly content: string;
  /** Tokens of request and answer together; undefined when the answer does not say it. */
  readonly tokens: number | undefined;
}

/** A language model. */
export interface LanguageModel {
  /** Name of the model, for example "mistral-small-latest". */
  readonly name: string;
  /** Maximum number of tokens of an answer. */
  readonly maxAnswerTokens: number;
  /** @throws LanguageModelError, and nothing else */
  complete(prompt: Prompt, signal: AbortSignal): Promise<Completion>;
}

/** What a failed call to a language model means. */
export type LanguageModelFailure =
  /** The answer did not arrive in time. */
  | "TIMEOUT"
  /** The key is not valid, or may not use the model. */
  | "UNAUTHORIZED"
  /** The provider accepts no more calls for some time. */
  | "RATE_LIMITED"
  /** The provider does not answer, or answers with an error. */
  | "UNAVAILABLE"
  /** The provider's answer is too long, cut off, or not in the form of its interface. */
  | "MALFORMED";

/**
 * A call to a language model failed. The error has no text of the provider and no cause: they could contain the key
 * or a part of the request.
 */
export class LanguageModelError extends Error {
  override readonly name = "LanguageModelError" as const;
  readonly failure: LanguageModelFailure;
  /** HTTP status of the provider; undefined when there is none. */
  readonly status: number | undefined;
  constructor(failure: LanguageModelFailure, status?: number) {
    super(`the language model failed: ${failure}${status === undefined ? "" : ` (HTTP status ${status})`}`);
    this.failure = failure;
    this.status = status;
  }
}
