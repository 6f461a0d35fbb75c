import { visibleText } from "@bellwether/reasons/visible-text";
import type { Language } from "./language.ts";

/** Longest text from the data in a sentence, in characters. A supplier's id has at most 128 bytes and stays whole. */
const MAX_CHARACTERS = 128;

/**
 * Texts that no reader takes for words of the sentence around them, nor for an address: one word, as ids and codes are,
 * with full stops between digits only.
 */
const PLAIN_DATA = /^[\p{L}\p{N}_#$](?:[\p{L}\p{N}\p{M}_\-+&#$]|(?<=\p{N})\.(?=\p{N}))*$/u;
/**
 * Texts of the configuration that stay within their place in a sentence: words, and signs of units. No mark before a space
 * or at the end, which could end a sentence or a clause.
 */
const PLAIN_WORDS =
  /^(?:[\p{L}\p{M}\p{N}\p{Sc} _\-–+&%‰#°²³·×^*]|(?<=[\p{L}\p{N}\p{Sc}%])\/(?=[\p{L}\p{N}])|(?<=\p{L})['’](?=\p{L})|(?<=[\p{L}\p{N}])\.(?=[\p{L}\p{N}])|(?<=\p{N}),(?=\p{N}))+$/u;
/** Brackets in pairs, not nested. */
const IN_BRACKETS = /\(([^()]*)\)/g;
/** A unit that begins like this would change the number before it. */
const LIKE_A_NUMBER = /^[\p{N}\-+.,·×^*]/u;
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
 * Returns a text from the data (the id of a supplier, a category) in the form in which a sentence shows it. A single
 * word is not changed. Any other text is put in quotation marks: its own quotation marks are removed, and its
 * invisible characters are shown as codes. So a text cannot end the sentence and look like a statement of the
 * service.
 */
export const dataText = (text: string, language: Language): string =>
  shownText(text, language, (visible) => PLAIN_DATA.test(visible));

/** Returns a name of the configuration or of an imported model. Words stay as they are, all else is as in `dataText`. */
export const nameText = (text: string, language: Language): string =>
  shownText(text, language, (visible) => PLAIN_WORDS.test(visible.replace(IN_BRACKETS, "$1")));

/** Returns a unit of the configuration, which is shown behind a number. @param unit "": none */
export const unitText = (unit: string, language: Language): string =>
  unit === "" ? "" : shownText(unit, language, (visible) => PLAIN_WORDS.test(visible) && !LIKE_A_NUMBER.test(visible));

function shownText(text: string, language: Language, isPlain: (visible: string) => boolean): string {
  const [...characters] = visibleText(text).replace(DRAWN_AS_NOTHING, codeOf);
  const visible =
    characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS).join("")}…` : characters.join("");
  return isPlain(visible) ? visible : quotedText(visible.replace(QUOTATION_MARKS, "'"), language);
}
