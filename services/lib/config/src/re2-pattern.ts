const MAX_CHARACTERS = 200;

/** Syntax that JavaScript has and RE2 has not: lookaround and references to groups. */
const NOT_RE2 = /\\[1-9]|\\k<|\(\?<?[=!]/;

/**
 * Whether a value is a pattern that RE2 (https://github.com/google/re2/wiki/Syntax) can read. Node has no RE2: what RE2
 * writes differently is rewritten, and the rest is compiled as a regular expression of JavaScript. A pattern that only
 * RE2 rejects for another reason is found when a file is read.
 */
export function isPattern(value: unknown): boolean {
  if (typeof value !== "string" || value === "" || [...value].length > MAX_CHARACTERS) return false;
  const unquoted = value.replace(/\\Q(.*?)(?:\\E|$)/gsu, (_, text: string) =>
    text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"),
  );
  // Escaped backslashes are removed, so that "\\\\1" is not a reference.
  if (NOT_RE2.test(unquoted.replaceAll("\\\\", ""))) return false;
  const form = unquoted
    .replace(/\(\?[imsU]*(?:-[imsU]+)?\)/g, "")
    .replace(/\(\?[imsU]*(?:-[imsU]+)?:/g, "(?:")
    .replaceAll("(?P<", "(?<");
  try {
    return new RegExp(form).source !== "";
  } catch {
    return false;
  }
}
