import { PLACEHOLDER, type Placeholder, readPlaceholder } from "../answer/placeholders.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { ENGLISH_WORDS } from "./english-words.ts";
import { GERMAN_WORDS } from "./german-words.ts";
import { createVocabulary, type Vocabulary, type WordRole } from "./word-roles.ts";

/** What a token is: roles of words, or a mark. */
export type TokenRole = WordRole | "comma" | "semicolon" | "colon" | "open" | "close" | "end";

/** A placeholder, a word or a group of words, or a mark. */
export interface Token {
  /** Its text in lower case. */
  readonly text: string;
  readonly roles: ReadonlySet<TokenRole>;
  readonly placeholder?: Placeholder;
  /** The reason that it names: a name, quotes. */
  readonly name?: ReasonFact;
}

/** A sentence as tokens, or what in it cannot be read, in words for the language model. */
export type ReadSentence =
  | { readonly tokens: readonly Token[]; readonly problem?: undefined }
  | { readonly problem: string; readonly isReference: boolean };

const VOCABULARIES: Readonly<Record<Language, Vocabulary>> = {
  en: createVocabulary([ENGLISH_WORDS]),
  de: createVocabulary([GERMAN_WORDS]),
};

const MARKS: Readonly<Record<string, TokenRole>> = {
  ...{ ",": "comma", ";": "semicolon", ":": "colon", "(": "open", ")": "close", ".": "end" },
  ...{ "–": "comma", "—": "comma", "-": "comma" },
};
/** Abbreviations with full stops that do not end the sentence. */
const ABBREVIATION = /(?:i\.e\.|e\.g\.|vs\.|z\. ?B\.|d\. ?h\.)(?= )/iy;
const WORD = /[\p{L}]+(?:[-'’][\p{L}]+)*/uy;
const SPACE = / (?! )/y;
/** What may follow a placeholder directly: so no word is made of a name and other letters. */
const AFTER_BAND = /-risk(?![\p{L}\p{N}-])/uy;
const AFTER_PLACEHOLDER = /['’]s(?![\p{L}\p{N}])|(?=[ ,;:.)]|$)/uy;
/** Maximum number of tokens of a sentence. */
const MAX_TOKENS = 120;

/**
 * Reads a sentence as placeholders, words with roles, and marks. Digits, links, HTML, quotation marks and all words that
 * are not in the vocabulary of the language are problems.
 */
export function readTokens(text: string, facts: NarrativeFacts, language: Language): ReadSentence {
  const vocabulary = VOCABULARIES[language];
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return;
    at += found[0].length;
    return found;
  };
  while (at < text.length) {
    if (tokens.length > MAX_TOKENS) return { problem: "the sentence is too long", isReference: false };
    if (match(SPACE)) continue;
    const found = match(PLACEHOLDER);
    if (found) {
      const [whole, kind = "", ids] = found;
      const placeholder = readPlaceholder(kind, ids, facts);
      if (placeholder === undefined) return { problem: `${whole} does not exist`, isReference: true };
      if (!(kind === "band" && language === "en" && match(AFTER_BAND)) && !match(AFTER_PLACEHOLDER))
        return { problem: `letters directly after ${whole}`, isReference: false };
      tokens.push(placeholderToken(placeholder));
      continue;
    }
    const short = match(ABBREVIATION)?.[0];
    if (short !== undefined) {
      tokens.push({ text: short.toLowerCase(), roles: new Set(/^vs/i.test(short) ? ["versus"] : ["plain"]) });
      continue;
    }
    const group = longestGroup(text, at, vocabulary);
    if (group) {
      tokens.push(group.token);
      at = group.end;
      continue;
    }
    const word = match(WORD)?.[0];
    if (word !== undefined) return { problem: `the word "${word}" is not allowed`, isReference: false };
    const mark = MARKS[text.charAt(at)];
    if (mark === undefined) {
      const isDigit = /\p{N}/u.test(text.charAt(at));
      return {
        problem: isDigit ? "numbers are written as placeholders only" : "a character that is not allowed",
        isReference: false,
      };
    }
    // A hyphen within a word is part of it; between spaces it is a dash.
    if ("-–—".includes(text.charAt(at)) && !(text.charAt(at - 1) === " " && text.charAt(at + 1) === " "))
      return { problem: "a hyphen beside a placeholder", isReference: false };
    tokens.push({ text: text.charAt(at), roles: new Set([mark]) });
    at++;
  }
  return { tokens };
}

function placeholderToken(placeholder: Placeholder): Token {
  const { kind, reasons } = placeholder;
  const [reason] = reasons;
  const isName = kind === "name" || kind === "quotes";
  const direction = reason?.direction === "increases" ? "up" : "down";
  return {
    text: `{${kind}}`,
    roles: new Set(kind === "effect" ? [direction] : kind === "compared" ? ["versus"] : []),
    placeholder,
    ...(isName && reason && { name: reason }),
  };
}

const LETTER = /[\p{L}\p{N}_'’-]/u;

/** Returns the longest group of words of the vocabulary at a place. */
function longestGroup(
  text: string,
  from: number,
  { roles, longest }: Vocabulary,
): { readonly token: Token; readonly end: number } | undefined {
  let found: { readonly token: Token; readonly end: number } | undefined;
  let end = from;
  for (let words = 1; words <= longest; words++) {
    WORD.lastIndex = end;
    const word = WORD.exec(text);
    if (word === null) break;
    end += word[0].length;
    const group = text.slice(from, end).toLowerCase();
    const known = roles.get(group);
    if (known && !LETTER.test(text.charAt(end))) found = { token: { text: group, roles: known }, end };
    if (text.charAt(end) !== " ") break;
    end++;
  }
  return found;
}
