import { localNumber, localScore, numberForms, scorePercent } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { NarrativeFacts, ReasonFact } from "../facts/narrative-facts.ts";
import { ENGLISH } from "./english.ts";
import { GERMAN } from "./german.ts";
import type { Grammar, MentionKind } from "./grammar.ts";
import { parsePattern, spaced } from "./parse-pattern.ts";
import {
  accepting,
  anyCase,
  anyOf,
  exactCase,
  listOf,
  NEVER,
  optional,
  type Phrase,
  sequence,
  stating,
} from "./phrase.ts";

/** The grammars by language. */
export const GRAMMARS: Readonly<Record<Language, Grammar>> = { en: ENGLISH, de: GERMAN };

/** What a sentence states besides reasons, which have their own ids. */
export const STATED = { score: "score", band: "band", missing: "missing" } as const;

/** Prefixes of the ids of reasons that a sentence calls the strongest, and the ones that follow them. */
const TOP = "top:";
const NEXT = "next:";

/** Returns what the names in the patterns of a grammar stand for, given the facts. */
export function defineFacts(supplierId: string, facts: NarrativeFacts, language: Language): Map<string, Phrase> {
  const grammar = GRAMMARS[language];
  const definitions = new Map<string, Phrase>();
  definitions.set("id", exact(supplierId));
  definitions.set("idPossessive", exact(`${supplierId}'s`, `${supplierId}’s`, `${supplierId}'`));
  for (const [name, pattern] of Object.entries(grammar.parts))
    definitions.set(name, parsePattern(pattern, definitions));

  const joint = parsePattern(grammar.listJoints, definitions);
  const mentions = (direction: ReasonFact["direction"], prefix: string): Phrase => {
    const some = facts.reasons
      .filter((reason) => reason.direction === direction)
      .map((reason) => stating(prefix + reason.id, mentionOf(reason, grammar, definitions, language)));
    return some.length === 0 ? NEVER : listOf(anyOf(some), joint, some.length);
  };
  for (const [name, direction] of [
    ["Ups", "increases"],
    ["Downs", "lowers"],
  ] as const) {
    definitions.set(name.toLowerCase(), mentions(direction, ""));
    definitions.set(`top${name}`, mentions(direction, TOP));
    definitions.set(`next${name}`, mentions(direction, NEXT));
    const words = (prefix: string): Phrase =>
      anyOf(
        facts.reasons
          .filter((reason) => reason.direction === direction && reason.quotes.length > 0)
          .map((reason) =>
            stating(
              prefix + reason.id,
              parsePattern(grammar.words, definitionsOf(reason, grammar, definitions, language)),
            ),
          ),
      );
    definitions.set(`words${name}`, words(""));
    definitions.set(`topWords${name}`, words(TOP));
  }
  definitions.set("missing", missingOf(facts.missing, grammar, definitions, joint));

  const { riskScore, prediction, band } = facts;
  const score = (phrase: Phrase): Phrase => stating(STATED.score, phrase);
  const percent = riskScore === null ? NEVER : percentOf(scorePercent(riskScore));
  const number = riskScore === null ? NEVER : exact(localScore(riskScore, language));
  definitions.set("percent", score(percent));
  // The same number in both forms: "0.87 (87 %)".
  definitions.set(
    "score",
    score(
      parsePattern(
        "{number} [<{percent}>]",
        new Map([
          ["number", number],
          ["percent", percent],
        ]),
      ),
    ),
  );
  definitions.set("prediction", prediction === null ? NEVER : score(exact(...numberForms(prediction, language))));
  definitions.set(
    "band",
    riskScore === null ? NEVER : stating(STATED.band, parsePattern(grammar.bands[band], definitions)),
  );
  definitions.set(
    "comparison",
    anyOf(facts.reasons.map((reason) => comparisonOf(reason, grammar, definitions, language))),
  );
  return definitions;
}

/**
 * Accepts the facts of a clause where the reasons that it calls the strongest are the strongest. Returns the facts
 * with the ids of the reasons.
 */
export function acceptStrongest(stated: readonly string[], { reasons }: NarrativeFacts): readonly string[] | undefined {
  const withPrefix = (...prefixes: string[]): ReasonFact[] =>
    reasons.filter(({ id }) => prefixes.some((prefix) => stated.includes(prefix + id)));
  if (!areStrongest(withPrefix(TOP)) || !areStrongest(withPrefix(TOP, NEXT))) return;
  const ids = stated.map((fact) => fact.replace(/^(top|next):/, ""));
  return new Set(ids).size === ids.length ? ids : undefined;
}

/** Whether the reasons, all of one direction, are the strongest ones of their direction. */
const areStrongest = (reasons: readonly ReasonFact[]): boolean => reasons.every(({ rank }) => rank <= reasons.length);

/** Matches any of the texts, where the letter case matters. */
const exact = (...texts: readonly string[]): Phrase =>
  anyOf([...new Set(texts)].map((text) => exactCase(spaced(text))));

const percentOf = (percent: string): Phrase =>
  sequence([exact(percent), anyOf(["%", " %", " percent", " per cent", " Prozent"].map(anyCase))]);

export function labelOf(label: string, { quotationMarks }: Grammar): Phrase {
  const texts = [label, label.replaceAll(" ", "-"), ...quotationMarks.map(([open, close]) => open + label + close)];
  return anyOf([...new Set(texts)].map((text) => anyCase(spaced(text))));
}

/** Matches the list of all missing features, in any order. */
function missingOf(
  missing: readonly string[],
  grammar: Grammar,
  definitions: Map<string, Phrase>,
  joint: Phrase,
): Phrase {
  if (missing.length === 0) return NEVER;
  const article = parsePattern("[{det}]", definitions);
  const labels = missing.map((label, i) => stating(`m${i}`, sequence([article, labelOf(label, grammar)])));
  return accepting(listOf(anyOf(labels), joint, labels.length), (ids) =>
    ids.length === missing.length ? [STATED.missing] : undefined,
  );
}

function kindOf({ value, typical, category, typicalCategory, quotes }: ReasonFact): MentionKind {
  if (quotes.length > 0) return "text";
  if (category !== "") return "category";
  if (typicalCategory !== "") return "absent";
  if (value === null) return typical === null ? "bare" : "absent";
  return typical === null ? "numberAlone" : "number";
}

function mentionOf(
  reason: ReasonFact,
  grammar: Grammar,
  definitions: ReadonlyMap<string, Phrase>,
  language: Language,
): Phrase {
  const own = definitionsOf(reason, grammar, definitions, language);
  const { value, label, unit } = reason;
  // "7 past disputes": the label says what the number counts.
  const isCount = value !== null && Number.isInteger(value) && unit !== "" && ` ${label}`.endsWith(` ${unit}`);
  const patterns = [...(isCount ? grammar.counts : []), ...grammar.mentions[kindOf(reason)]];
  return anyOf(patterns.map((pattern) => parsePattern(pattern, own)));
}

function comparisonOf(
  reason: ReasonFact,
  grammar: Grammar,
  definitions: ReadonlyMap<string, Phrase>,
  language: Language,
): Phrase {
  if (kindOf(reason) !== "number") return NEVER;
  const own = definitionsOf(reason, grammar, definitions, language);
  return stating(reason.id, anyOf(grammar.comparisons.map((pattern) => parsePattern(pattern, own))));
}

/** Adds what the patterns of one reason can name. */
function definitionsOf(
  { label, value, unit, typical, category, typicalCategory, quotes }: ReasonFact,
  grammar: Grammar,
  definitions: ReadonlyMap<string, Phrase>,
  language: Language,
): ReadonlyMap<string, Phrase> {
  // Numbers that look the same to a reader are on no side of each other.
  const isSame = value === null || typical === null || localNumber(value, language) === localNumber(typical, language);
  const side = isSame ? undefined : value > typical ? "above" : "below";
  const quoted = quotes.map(({ text }) => exact(...grammar.quotationMarks.map(([open, close]) => open + text + close)));
  const joint = parsePattern(grammar.listJoints, definitions);
  return new Map([
    ...definitions,
    ["L", labelOf(label, grammar)],
    ["V", value === null ? NEVER : withUnit(value, unit, language)],
    ["N", value === null ? NEVER : exact(...numberForms(value, language))],
    ["T", typical === null ? NEVER : withUnit(typical, unit, language)],
    ["C", category === "" ? NEVER : categoryOf(category, grammar)],
    ["O", typicalCategory === "" ? NEVER : categoryOf(typicalCategory, grammar)],
    ["side", side === undefined ? NEVER : parsePattern(grammar.sides[side], definitions)],
    ["exceeds", side === undefined ? NEVER : parsePattern(grammar.verbs[side], definitions)],
    ["same", value !== null && value === typical ? parsePattern(grammar.same, definitions) : NEVER],
    ["adj", side === undefined ? NEVER : parsePattern(grammar.adjectives[side], definitions)],
    ["QS", quoted.length === 0 ? NEVER : listOf(anyOf(quoted), joint, quoted.length)],
  ]);
}

const categoryOf = (category: string, { quotationMarks }: Grammar): Phrase =>
  exact(category, ...quotationMarks.map(([open, close]) => open + category + close));

/** Matches a number with or without its unit; the unit of 1 may be singular. */
function withUnit(x: number, unit: string, language: Language): Phrase {
  const number = exact(...numberForms(x, language));
  if (unit === "") return number;
  const units = [` ${unit}`, ...(Math.abs(x) === 1 && unit.endsWith("s") ? [` ${unit.slice(0, -1)}`] : [])];
  return sequence([number, optional(anyOf([...units, ...(unit === "%" ? ["%"] : [])].map(anyCase)))]);
}
