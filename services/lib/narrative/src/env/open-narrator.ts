import { readFile, stat } from "node:fs/promises";
import { Secret } from "@bellwether/env/secret";
import type { Logger } from "@bellwether/telemetry/logger";
import { lazyNarrator } from "../generate/lazy-narrator.ts";
import { countNarrative } from "../generate/narrative-metrics.ts";
import type { ServiceNarrator } from "../generate/service-narrator.ts";
import { openMistralModel } from "../mistral/mistral-model.ts";
import type { NarrativeEnv } from "./narrative-env.ts";

const MAX_KEY_FILE_BYTES = 4_096;

/**
 * Opens the narrator that the variables describe: with a key it asks Mistral, without one it uses the template. Only
 * with a key, the client of Mistral is loaded.
 * @throws Error that names the variable, and no part of the key
 */
export async function openNarrator(
  config: NarrativeEnv,
  logger: Pick<Logger, "info" | "warn">,
): Promise<ServiceNarrator> {
  const apiKey = await readKey(config);
  const model =
    apiKey === undefined
      ? undefined
      : await openMistralModel({ apiKey, baseUrl: checkedUrl(config.mistralUrl), model: config.mistralModel });
  const narrator = lazyNarrator({
    model,
    limits: {
      timeoutMs: config.narrativeTimeout,
      concurrency: config.narrativeConcurrency,
      tokensPerMinute: config.narrativeTokensPerMinute,
      tokensPerDay: config.narrativeTokensPerDay,
      cacheEntries: config.narrativeCache,
    },
    now: Date.now,
    record: countNarrative,
    onFailure: ({ failure, status }) => logger.warn({ failure, status }, "the language model did not answer"),
  });
  if (model)
    logger.info(
      { language_model: model.name },
      "a language model chooses what narratives state; its claims are checked",
    );
  return { narrate: narrator.narrate, defaultLanguage: config.narrativeLanguage };
}

async function readKey({ mistralKey, mistralKeyFile: file }: NarrativeEnv): Promise<Secret | undefined> {
  if (mistralKey !== null && file !== null)
    throw new Error("MISTRAL_API_KEY and MISTRAL_API_KEY_FILE are both set; set one of them");
  if (mistralKey !== null) return mistralKey;
  if (file === null) return;
  let text: string;
  try {
    const { size } = await stat(file);
    text = size > MAX_KEY_FILE_BYTES ? "" : (await readFile(file, "utf8")).trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new Error(`MISTRAL_API_KEY_FILE: ${file} cannot be read: ${code}`);
  }
  if (!/^[\x21-\x7e]{1,4096}$/.test(text))
    throw new Error(`MISTRAL_API_KEY_FILE: ${file} does not contain a key of at most 4096 printable ASCII characters`);
  return new Secret(text);
}

/** Returns the URL. @throws Error when the key would be sent in clear text to another machine */
function checkedUrl(url: string): string {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname))
    throw new Error("MISTRAL_BASE_URL: the key is only sent over https to another machine");
  return url;
}
