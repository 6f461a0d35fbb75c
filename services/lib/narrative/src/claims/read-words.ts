import type { Band } from "@bellwether/contract/band-codes";
import { SUPPLIER_MARK } from "../answer/read-answer.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { GRAMMARS, labelOf } from "../grammar/fact-definitions.ts";
import { parsePattern, spaced } from "../grammar/parse-pattern.ts";
import { anyOf, exactCase, type MatchedText, matchedText, type Phrase } from "../grammar/phrase.ts";
import { ENGLISH_LEXICON } from "./english-lexicon.ts";
import { GERMAN_LEXICON } from "./german-lexicon.ts";
import { type Lexicon, ROLES, type WordRole } from "./lexicon.ts";

/** The lexicons by language. */
const LEXICONS: Readonly<Record<Language, Lexicon>> = { en: ENGLISH_LEXICON, de: GERMAN_LEXICON };

/** What a word is besides the roles of the lexicon. */
export type Role =
  | WordRole
  | "supplier"
  | "band"
  | "comma"
  | "semicolon"
  | "open"
  | "close"
  | "end"
  | "reason"
  | "quote"
  | "category"
  | "missingFeature"
  | "number";

/** A word, or a group of words, of a sentence. */
export interface Word {
  /** Its text in lower case. */
  readonly text: string;
  readonly roles: ReadonlySet<Role>;
  /** Ids of the reasons that a label, a quote or a category can belong to. */
  readonly reasons: readonly string[];
  /** Name of a missing feature. */
  readonly missing?: string;
  /** Text of a number. */
  readonly number?: string;
  /** What follows the number: "%", a unit of the facts, or "". */
  readonly unit?: string;
}

interface Entry {
  readonly phrase: Phrase;
  readonly role: Role;
  readonly reason?: string;
  readonly missing?: string;
}

const NUMBER = /^ ([-−]?\d+(?:[.,]\d+)*)/;

/**
 * Returns a function that reads a sentence as words with their roles, the longest known group of words first.
 * Undefined: it has a word, a number or a mark that is neither in the lexicon nor in the facts. Words of a wrong band
 * are unknown words.
 */
export function createWordReader(
  facts: NarrativeFacts,
  language: Language,
): (sentence: string) => readonly Word[] | undefined {
  const entries = entriesOf(facts, language);
  const units = ["%", ...new Set(facts.reasons.map(({ unit }) => unit).filter((unit) => unit !== "" && unit !== "%"))];
  return (sentence) => {
    const input = matchedText(spaced(sentence));
    if (input === undefined) return;
    const words: Word[] = [];
    let depth = 0;
    let at = 0;
    while (at < input.text.length) {
      const next = numberAt(input, at, units) ?? longestAt(input, at, entries);
      if (next === undefined) return;
      const { roles } = next.word;
      depth += Number(roles.has("open")) - Number(roles.has("close"));
      // In brackets, a semicolon separates no statements.
      words.push(roles.has("semicolon") && depth > 0 ? { ...next.word, roles: new Set(["comma"]) } : next.word);
      at = next.end;
    }
    return words;
  };
}

/** Entries that do not depend on the facts, by language and band: parsing the lexicon takes milliseconds. */
const lexicons = new Map<string, readonly Entry[]>();

function lexiconOf(language: Language, band: Band): readonly Entry[] {
  const key = `${language} ${band}`;
  const known = lexicons.get(key);
  if (known) return known;
  const lexicon = LEXICONS[language];
  const parts = new Map<string, Phrase>();
  for (const [name, pattern] of Object.entries(lexicon.parts)) parts.set(name, parsePattern(pattern, parts));
  const entries: Entry[] = [
    { role: "supplier", phrase: exactCase(` ${SUPPLIER_MARK}`) },
    { role: "comma", phrase: exactCase(",") },
    { role: "semicolon", phrase: exactCase(";") },
    { role: "preposition", phrase: exactCase(":") },
    { role: "open", phrase: exactCase(" (") },
    { role: "close", phrase: exactCase(")") },
    { role: "end", phrase: exactCase(".") },
    ...lexicon.bands[band].map((pattern) => ({ role: "band" as const, phrase: parsePattern(pattern, parts) })),
  ];
  for (const role of ROLES)
    for (const pattern of lexicon.words[role]) entries.push({ role, phrase: parsePattern(pattern, parts) });
  lexicons.set(key, entries);
  return entries;
}

function entriesOf(facts: NarrativeFacts, language: Language): readonly Entry[] {
  const grammar = GRAMMARS[language];
  const entries = [...lexiconOf(language, facts.band)];
  for (const { id, label, quotes, category } of facts.reasons) {
    entries.push({ role: "reason", reason: id, phrase: labelOf(label, grammar) });
    for (const { text } of quotes)
      entries.push({
        ...{ role: "quote", reason: id },
        phrase: anyOf(grammar.quotationMarks.map(([open, close]) => exactCase(spaced(open + text + close)))),
      });
    if (category !== "") entries.push({ role: "category", reason: id, phrase: exactCase(spaced(category)) });
  }
  for (const label of facts.missing)
    entries.push({ role: "missingFeature", missing: label, phrase: labelOf(label, grammar) });
  return entries;
}

/** Returns the longest group of words at a position; all its roles when several entries have this length. */
function longestAt(
  input: MatchedText,
  at: number,
  entries: readonly Entry[],
): { readonly word: Word; readonly end: number } | undefined {
  let end = at;
  let found: Entry[] = [];
  for (const entry of entries) {
    const reached = Math.max(at, ...entry.phrase(input, at).map((match) => match.end));
    if (reached === at || reached < end || !isWordEnd(input.text, reached)) continue;
    if (reached > end) found = [];
    end = reached;
    found.push(entry);
  }
  if (found.length === 0) return;
  const missing = found.find((entry) => entry.missing !== undefined)?.missing;
  return {
    end,
    word: {
      text: input.lower.slice(at, end).trim(),
      roles: new Set(found.map(({ role }) => role)),
      reasons: found.flatMap(({ reason }) => reason ?? []),
      ...(missing !== undefined && { missing }),
    },
  };
}

/** Whether a word ends before a position: "late ratio" is not in "late ratios" and not in "late ratio-based". */
const isWordEnd = (text: string, end: number): boolean =>
  end === text.length || /^[\s,.;:)]/.test(text.slice(end, end + 1));

function numberAt(
  input: MatchedText,
  at: number,
  units: readonly string[],
): { readonly word: Word; readonly end: number } | undefined {
  const number = NUMBER.exec(input.text.slice(at, at + 40))?.[1];
  if (number === undefined) return;
  const end = at + 1 + number.length;
  const word = (unit: string): Word => ({ text: number, roles: new Set(["number"]), reasons: [], number, unit });
  for (const unit of units)
    for (const text of unit === "%" ? [" %", "%", " percent", " Prozent"] : [` ${unit}`])
      if (input.text.startsWith(text, end) && isWordEnd(input.text, end + text.length))
        return { end: end + text.length, word: word(unit) };
  return isWordEnd(input.text, end) ? { end, word: word("") } : undefined;
}
