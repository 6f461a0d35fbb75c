import type { Secret } from "@bellwether/env/secret";
import { ANSWER_SCHEMA, MAX_ANSWER_CHARACTERS } from "../answer/read-answer.ts";
import { type LanguageModel, LanguageModelError } from "../generate/language-model.ts";
import { boundedFetch, ResponseTooLargeError } from "./bounded-fetch.ts";

/** Options of the calls to Mistral. */
export interface MistralOptions {
  readonly apiKey: Secret;
  /** URL of the API, without a path. */
  readonly baseUrl: string;
  /** Name of the model. */
  readonly model: string;
}

/** Maximum length of an answer, tokens: enough for sixteen sentences with their claims. */
const MAX_ANSWER_TOKENS = 2_500;
/** Maximum size of a response, bytes: it contains the answer at most twice (once escaped), and a few other fields. */
const MAX_RESPONSE_BYTES = 8 * MAX_ANSWER_CHARACTERS;

/** Loads the client of Mistral, and returns a language model that calls Mistral with it. */
export async function openMistralModel({ apiKey, baseUrl, model }: MistralOptions): Promise<LanguageModel> {
  const [{ MistralCore }, { chatComplete }, { HTTPClient }, { configureTelemetryForHook }, { TracingHook }] =
    await Promise.all([
      import("@mistralai/mistralai/core.js"),
      import("@mistralai/mistralai/funcs/chatComplete.js"),
      import("@mistralai/mistralai/lib/http.js"),
      import("@mistralai/mistralai/extra/observability"),
      import("@mistralai/mistralai/hooks/tracing"),
    ]);
  const client = new MistralCore({
    apiKey: () => Promise.resolve(apiKey.reveal()),
    serverURL: baseUrl,
    httpClient: new HTTPClient({ fetcher: boundedFetch(MAX_RESPONSE_BYTES) }),
    debugLogger: SILENT,
  });
  // The client's own spans contain the facts. After this call, environment variables cannot turn the spans on.
  const tracing = client._options.hooks?.beforeRequestHooks.find((hook) => hook instanceof TracingHook);
  if (tracing === undefined) throw new Error("the spans of Mistral's client cannot be turned off");
  await configureTelemetryForHook(tracing, {}, { telemetry: false, replaceExisting: true });
  return {
    name: model,
    maxAnswerTokens: MAX_ANSWER_TOKENS,
    async complete({ instructions, facts, correction }, signal) {
      try {
        const response = unwrap(
          await chatComplete(
            client,
            {
              model,
              temperature: 0,
              maxTokens: MAX_ANSWER_TOKENS,
              messages: [
                { role: "system", content: instructions },
                { role: "user", content: facts },
                ...(correction
                  ? [
                      { role: "assistant" as const, content: correction.answer },
                      { role: "user" as const, content: correction.request },
                    ]
                  : []),
              ],
              responseFormat: {
                type: "json_schema",
                jsonSchema: { name: "narrative", schemaDefinition: ANSWER_SCHEMA, strict: true },
              },
            },
            { signal, retries: { strategy: "none" } },
          ),
        );
        const choice = response.choices?.[0];
        const content = choice?.message?.content;
        if (choice?.finishReason !== "stop" || typeof content !== "string") throw new LanguageModelError("MALFORMED");
        return { content, tokens: response.usage?.totalTokens };
      } catch (error) {
        throw failureOf(error, signal);
      }
    },
  };
}

/** Logger that prints nothing. Without it, the client prints requests and the API key when MISTRAL_DEBUG is set. */
const SILENT = { group() {}, groupEnd() {}, log() {} };

function unwrap<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown },
): T {
  if (result.ok) return result.value;
  throw result.error;
}

/** Returns an error without any text of the request or the response: these contain the API key and the facts. */
function failureOf(error: unknown, signal: AbortSignal): LanguageModelError {
  if (error instanceof LanguageModelError) return error;
  if (signal.aborted) return new LanguageModelError("TIMEOUT");
  const cause = error instanceof Error ? error.cause : undefined;
  if (error instanceof SyntaxError || cause instanceof ResponseTooLargeError)
    return new LanguageModelError("MALFORMED");
  const status = statusOf(error);
  if (status === undefined) return new LanguageModelError("UNAVAILABLE");
  if (status === 401 || status === 403) return new LanguageModelError("UNAUTHORIZED", status);
  if (status === 429) return new LanguageModelError("RATE_LIMITED", status);
  return new LanguageModelError(status < 300 ? "MALFORMED" : "UNAVAILABLE", status);
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
