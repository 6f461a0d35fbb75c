type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

const PREFIX = "WARNING_CODE_";

/**
 * Returns one line of `POST /explain` from an ExplainResponse in proto JSON: codes of warnings have no
 * prefix, as in `POST /predict` ("UNKNOWN_CATEGORY").
 */
export function explainLine(line: Json): Json {
  const score = member(member(line, "base"), "score");
  const warnings = member(score, "warnings");
  if (!Array.isArray(warnings)) return line;
  const named = warnings.map((warning) => {
    const code = member(warning, "code");
    return isObject(warning) && typeof code === "string" ? { ...warning, code: code.replace(PREFIX, "") } : warning;
  });
  return merged(line, "base", merged(member(line, "base"), "score", merged(score, "warnings", named)));
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
