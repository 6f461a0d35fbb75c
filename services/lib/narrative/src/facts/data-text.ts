import { visibleText } from "@bellwether/reasons/visible-text";
import type { Language } from "./language.ts";

/** Longest text from the data in a sentence, in characters. A supplier's id has at most 128 bytes and stays whole. */
const MAX_CHARACTERS = 128;

/** Texts that no reader takes for words of the sentence around them: one word, as ids and codes are. */
const PLAIN = /^[\p{L}\p{N}_#@$][\p{L}\p{N}\p{M}_\-/+&.:#@$]*$/u;
const QUOTATION_MARKS = /["\u00ab\u00bb\u2018-\u201f\u2039\u203a\u300c-\u300f]/g;

/** Returns a text in the quotation marks of a language. */
export const quotedText = (text: string, language: Language): string => (language === "de" ? `„${text}“` : `"${text}"`);

/**
 * Returns a text from the data (the id of a supplier, a category) as a sentence shows it. One word stays as it is. All
 * else is in quotation marks, of which it has none itself, with its invisible characters as codes: so no text can end
 * the sentence and go on as a statement of the service.
 */
export function dataText(text: string, language: Language): string {
  const [...characters] = visibleText(text);
  const capped =
    characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS).join("")}…` : characters.join("");
  return PLAIN.test(capped) && !/[.:]$/.test(capped)
    ? capped
    : quotedText(capped.replace(QUOTATION_MARKS, "'"), language);
}
