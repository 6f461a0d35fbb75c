/** What replaces a name that was erased from a text about something else. */
export const ERASED = "[erased]";

/** A name with fewer letters and digits is not searched in other texts: it would be found in words that are not names. */
const MIN_LETTERS = 3;

/** Finds a name in texts, and replaces it. */
export interface NameEraser {
  /** Patterns for ILIKE. Each text that has the name matches one of them, also as JSON; other texts can match, too. */
  readonly likePatterns: readonly string[];
  /** Returns the text with ERASED in the place of the name. The same text: it does not have the name. */
  erase(text: string): string;
  /** Whether a text is the name and nothing else. */
  isName(text: string): boolean;
}

/**
 * Creates the eraser of a name. The name is found as whole words; letter case and the kind of white space do not count. An identifier with
 * underscores is one word. Undefined: the name is empty or too short.
 * @param longer names of others that have this name as a part: they stay
 */
export function createNameEraser(name: string, longer: readonly string[] = []): NameEraser | undefined {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.join("").length < MIN_LETTERS) return undefined;
  const kept = longer.toSorted((a, b) => b.length - a.length).map(patternOf);
  const own = patternOf(name);
  const pattern = new RegExp(kept.length === 0 ? own : `(${kept.join("|")})|${own}`, "giu");
  const whole = new RegExp(`^\\s*${own}\\s*$`, "iu");
  return {
    // The case of letters outside ASCII depends on the locale of the database: any character stands for them. JSON can escape them.
    likePatterns: [...new Set([anyCase, escapedLetter].map((form) => likePattern(words, form)))],
    erase: (text) =>
      kept.length === 0
        ? text.replace(pattern, ERASED)
        : text.replace(pattern, (_found, other?: string) => other ?? ERASED),
    isName: (text) => whole.test(text),
  };
}

/** Returns the pattern of a name as whole words. */
function patternOf(name: string): string {
  const letters = [...name.trim()];
  const before = isSeparated(letters[0]) ? "(?<![\\p{L}\\p{N}_])" : "";
  const after = isSeparated(letters.at(-1)) ? "(?![\\p{L}\\p{N}_])" : "";
  return `${before}${name.trim().split(/\s+/u).map(escaped).join("\\s+")}${after}`;
}

function likePattern(words: readonly string[], form: (letter: string) => string): string {
  return `%${words.map((word) => word.replace(/[^\p{ASCII}]/gu, form)).join("%")}%`;
}

/** A letter as JSON escapes it, with any digits. */
const escapedLetter = (letter: string): string => "\\\\u____".repeat(letter.length);
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
/** Whether a character is at the edge of a word. Scripts without letter case can be written without blanks between words. */
const isSeparated = (character = ""): boolean => /\p{N}/u.test(character) || anyCase(character) === "_";
const anyCase = (letter: string): string => (letter.toLowerCase() === letter.toUpperCase() ? letter : "_");
