import type { Language } from "../facts/language.ts";
import type { NarrativeFacts } from "../facts/narrative-facts.ts";
import { STATED } from "../grammar/fact-definitions.ts";
import { createWordReader, type Word } from "./read-words.ts";
import { createReasonCheck } from "./reason-claims.ts";
import { missingClaims, scoreClaims } from "./score-claims.ts";

/** Maximum number of words of a sentence of which the parts are tried one by one. */
const MAX_WORDS = 80;
/** Maximum number of statements in one sentence. */
const MAX_STATEMENTS = 3;

/**
 * Returns a function that checks the claims of one sentence in free wording: the facts that it states, or undefined.
 * The sentence has only words of the lexicon of its language, and every number, feature, direction, comparison, band,
 * quote and order in it is that of the facts. What cannot be attributed with certainty is not accepted.
 */
export function createClaimCheck(
  facts: NarrativeFacts,
  language: Language,
): (sentence: string) => readonly string[] | undefined {
  const read = createWordReader(facts, language);
  const reasonClaims = createReasonCheck(facts, language);
  const statement = (words: readonly Word[]): readonly string[] | undefined =>
    scoreClaims(words, facts, language) ?? missingClaims(words, facts) ?? reasonClaims(words);
  return (sentence) => {
    const words = read(sentence);
    if (words === undefined || words.length > MAX_WORDS) return;
    if (!words.at(-1)?.roles.has("end") || words.slice(0, -1).some(({ roles }) => roles.has("end"))) return;
    if (!areBalanced(words)) return;
    const [first] = words;
    const from = first?.roles.has("split") ? 1 : 0;
    return statements(words.slice(from, -1), statement, MAX_STATEMENTS);
  };
}

/** Reads words as one statement, or as statements that are separated by a semicolon, "while", or a comma. */
function statements(
  words: readonly Word[],
  statement: (words: readonly Word[]) => readonly string[] | undefined,
  max: number,
): readonly string[] | undefined {
  const whole = statement(words);
  if (whole !== undefined) return whole;
  if (max < 2) return;
  for (const [i, { roles }] of words.entries()) {
    if (!["split", "semicolon", "comma", "joint"].some((role) => roles.has(role as "split"))) continue;
    const before = words.slice(0, i);
    if (!isComplete(before) || !areBalanced(before)) continue;
    const first = statement(before);
    if (first === undefined) continue;
    let from = i + 1;
    while (words[from] && ["split", "comma", "joint"].some((role) => words[from]?.roles.has(role as "split"))) from++;
    const rest = words.slice(from);
    const isStrong = words.slice(i, from).some((word) => word.roles.has("semicolon") || word.roles.has("split"));
    if (!isStrong && !isComplete(rest)) continue;
    const others = statements(rest, statement, max - 1);
    if (others && !others.some((fact) => fact !== STATED.band && first.includes(fact))) return [...first, ...others];
  }
}

/** Roles of words without which a statement between commas is only a part of one. */
const PREDICATES = ["up", "down", "upVerb", "downVerb", "push", "band"] as const;

const isComplete = (words: readonly Word[]): boolean =>
  words.some(({ roles }) => PREDICATES.some((role) => roles.has(role)));

function areBalanced(words: readonly Word[]): boolean {
  let depth = 0;
  for (const { roles } of words) {
    if (roles.has("open")) depth++;
    if (roles.has("close")) depth--;
    if (depth < 0 || depth > 1) return false;
  }
  return depth === 0;
}
