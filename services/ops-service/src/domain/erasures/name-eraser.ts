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
}

/**
 * Creates the eraser of a name. The name is found as whole words; letter case and the kind of white space do not count.
 * Undefined: the name is empty or too short.
 */
export function createNameEraser(name: string): NameEraser | undefined {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.join("").length < MIN_LETTERS) return undefined;
  const parts = name.trim().split(/\s+/u).map(escaped);
  const letters = [...name.trim()];
  const before = isSeparated(letters[0]) ? "(?<![\\p{L}\\p{N}])" : "";
  const after = isSeparated(letters.at(-1)) ? "(?![\\p{L}\\p{N}])" : "";
  const pattern = new RegExp(`${before}${parts.join("\\s+")}${after}`, "giu");
  return {
    // The case of letters outside ASCII depends on the locale of the database: any character stands for them. JSON can escape them.
    likePatterns: [...new Set([anyCase, escapedLetter].map((form) => likePattern(words, form)))],
    erase: (text) => text.replace(pattern, ERASED),
  };
}

/** Returns a JSON value without a name in its texts. Names of members stay. The same value: it does not have the name. */
export function eraseInJson(value: unknown, eraser: NameEraser): unknown {
  if (typeof value === "string") return eraser.erase(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const erased = value.map((member) => eraseInJson(member, eraser));
    return erased.some((member, i) => member !== value[i]) ? erased : value;
  }
  const entries = Object.entries(value);
  const erased = entries.map(([key, member]) => [key, eraseInJson(member, eraser)] as const);
  return erased.some(([, member], i) => member !== entries[i]?.[1]) ? Object.fromEntries(erased) : value;
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
