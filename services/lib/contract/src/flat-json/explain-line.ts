type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

const PREFIX = "WARNING_CODE_";

const LANGUAGES: Readonly<Record<string, string>> = {
  NARRATIVE_LANGUAGE_ENGLISH: "en",
  NARRATIVE_LANGUAGE_GERMAN: "de",
};

/**
 * Returns one line of `POST /explain` from an ExplainResponse in proto JSON: codes of warnings have no
 * prefix, as in `POST /predict` ("UNKNOWN_CATEGORY"), and neither have outcomes of narratives ("ACCEPTED"). Whether a
 * narrative was generated is always in its line.
 */
export function explainLine(line: Json): Json {
  const info = member(line, "narrative_info");
  if (isObject(info)) return merged(line, "narrative_info", narrativeInfo(info));
  const score = member(member(line, "base"), "score");
  const warnings = member(score, "warnings");
  if (!Array.isArray(warnings)) return line;
  const named = warnings.map((warning) => {
    const code = member(warning, "code");
    return isObject(warning) && typeof code === "string" ? { ...warning, code: code.replace(PREFIX, "") } : warning;
  });
  return merged(line, "base", merged(member(line, "base"), "score", merged(score, "warnings", named)));
}

function narrativeInfo({
  language,
  outcome,
  rejection,
  second_request: second,
  wordings,
  generated,
  ...rest
}: {
  [name: string]: Json;
}): Json {
  return {
    ...(typeof language === "string" && { language: LANGUAGES[language] ?? language }),
    generated: generated === true,
    ...(typeof outcome === "string" && { outcome: outcome.replace("NARRATIVE_OUTCOME_", "") }),
    ...(typeof rejection === "string" && { rejection: rejection.replace("NARRATIVE_REJECTION_", "") }),
    ...(typeof second === "string" && { second_request: second.replace("NARRATIVE_SECOND_REQUEST_", "") }),
    ...rest,
    ...(Array.isArray(wordings) && {
      wordings: wordings.map((one) => (typeof one === "string" ? one.replace("NARRATIVE_WORDING_", "") : one)),
    }),
  };
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined;
}

function merged(value: Json | undefined, name: string, member: Json): Json {
  return { ...(isObject(value) ? value : {}), [name]: member };
}
