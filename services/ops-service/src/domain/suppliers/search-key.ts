/** Letters that Unicode does not decompose into a letter and an accent, and how people type them. */
const TYPED: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ħ: "h",
  ı: "i",
};
const SPECIAL = new RegExp(`[${Object.keys(TYPED).join("")}]`, "gu");
const ASCII = /^[\x20-\x7e]*$/;
/** Accents and other combining marks, and characters that are not visible. */
const MARKS = /[\p{M}\p{Cf}]/gu;

/**
 * Returns the form of a text by which suppliers are searched and ordered: lower case, without accents and
 * invisible characters, compatible characters made equal (full-width, ligatures), white space as one space.
 * Both the stored text and the query are converted, so the same letters match.
 */
export function searchKey(text: string): string {
  const plain = ASCII.test(text)
    ? text.toLowerCase()
    : text
        .normalize("NFKD")
        .replace(MARKS, "")
        .toLowerCase()
        .replace(MARKS, "")
        .replace(SPECIAL, (letter) => TYPED[letter] ?? letter);
  return plain.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** Maximum length of a stored key, UTF-16 code units: an index entry has at most 2,704 bytes, and a unit at most three. */
const MAX_STORED_KEY = 600;

/** Returns the search key of a name or an id as it is stored: some characters have many letters, so it is cut. */
export function storedKey(text: string): string {
  return searchKey(text)
    .slice(0, MAX_STORED_KEY)
    .replace(/[\uD800-\uDBFF]$/, "");
}

/** Returns the form of an identifier by which it is compared: only its letters and digits, lower case. */
export function identifierKey(text: string): string {
  return searchKey(text).replace(/[^\p{L}\p{N}]/gu, "");
}

/** A query in the forms in which its parts are compared. Empty: nothing can match. */
export interface SearchQuery {
  /** Compared with ids and names. */
  readonly text: string;
  /** Compared with identifiers. */
  readonly identifier: string;
}

export function searchQuery(query: string): SearchQuery {
  return { text: searchKey(query), identifier: identifierKey(query) };
}

/** Minimum number of characters of a query that is also searched inside names, and compared with similar names. */
export const MIN_INNER_CHARACTERS = 3;

/** Returns whether a query is long enough to be searched inside names. */
export function searchesInside({ text }: SearchQuery): boolean {
  return [...text].length >= MIN_INNER_CHARACTERS;
}
