import { type EnvOf, env } from "@bellwether/env/env";
import { LANGUAGES } from "../facts/language.ts";

/** Variables of a service that writes narratives. */
export const NARRATIVE_ENV = {
  narrativeLanguage: env.choice("BELLWETHER_NARRATIVE_LANGUAGE", LANGUAGES, "en"),
  narrativeTimeout: env.durationMs("BELLWETHER_NARRATIVE_TIMEOUT", "8s", { min: "100ms", max: "60s" }),
  narrativeConcurrency: env.integer("BELLWETHER_NARRATIVE_CONCURRENCY", { min: 1, max: 64 }, 4),
  narrativeTokensPerMinute: env.integer("BELLWETHER_NARRATIVE_TOKENS_PER_MINUTE", { min: 0, max: 100_000_000 }, 60_000),
  narrativeTokensPerDay: env.integer("BELLWETHER_NARRATIVE_TOKENS_PER_DAY", { min: 0, max: 10_000_000_000 }, 2_000_000),
  narrativeCache: env.integer("BELLWETHER_NARRATIVE_CACHE", { min: 0, max: 100_000 }, 1_000),
  mistralKey: env.optional(env.secret("MISTRAL_API_KEY")),
  mistralKeyFile: env.optional(env.path("MISTRAL_API_KEY_FILE")),
  mistralUrl: env.url("MISTRAL_BASE_URL", ["http", "https"], "https://api.mistral.ai"),
  mistralModel: env.text(
    "MISTRAL_MODEL",
    { pattern: /^[\w.:/-]{1,128}$/, expected: "the name of a model, for example mistral-small-latest" },
    "mistral-small-latest",
  ),
};

/** The values of `NARRATIVE_ENV`. */
export type NarrativeEnv = EnvOf<typeof NARRATIVE_ENV>;
