import { visibleText } from "@bellwether/reasons/visible-text";
import type { Language } from "./language.ts";

/** Longest text from the data in a sentence, in characters. A supplier's id has at most 128 bytes and stays whole. */
const MAX_CHARACTERS = 128;

/** Texts that no reader takes for words of the sentence around them: one word, as ids and codes are. */
const PLAIN = /^[\p{L}\p{N}_#@$][\p{L}\p{N}\p{M}_\-/+&.:#@$]*$/u;
/** Quotation marks and what is drawn like one, alone or in pairs. */
const QUOTATION_MARKS =
  /[\p{Quotation_Mark}\u02ba\u02dd\u02ee\u05f4\u2033\u2036\u275b-\u2760\u3003\u{1f676}-\u{1f678}]+/gu;
/**
 * Letters and marks that are drawn as nothing or as a space, for example U+3164: they would make a sentence of a word.
 * Joiners are those that `visibleText` leaves; a variation selector belongs to the emoji before it.
 */
const DRAWN_AS_NOTHING =
  /(?![\u200c\u200d])(?<!\p{Extended_Pictographic}(?=[\ufe0e\ufe0f]))\p{Default_Ignorable_Code_Point}/gu;

const codeOf = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** Returns a text in the quotation marks of a language. */
export const quotedText = (text: string, language: Language): string => (language === "de" ? `„${text}“` : `"${text}"`);

/**
 * Returns a text from the data (the id of a supplier, a category) as a sentence shows it. One word stays as it is. All
 * else is in quotation marks, of which it has none itself, with its invisible characters as codes: so no text can end
 * the sentence and go on as a statement of the service.
 */
export function dataText(text: string, language: Language): string {
  const [...characters] = visibleText(text).replace(DRAWN_AS_NOTHING, codeOf);
  const capped =
    characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS).join("")}…` : characters.join("");
  return PLAIN.test(capped) && !/[.:]$/.test(capped)
    ? capped
    : quotedText(capped.replace(QUOTATION_MARKS, "'"), language);
}
