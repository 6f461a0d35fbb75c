import { numberForms } from "../facts/fact-text.ts";
import type { Language } from "../facts/language.ts";
import type { ReasonFact } from "../facts/narrative-facts.ts";
import type { Role, Word } from "./read-words.ts";

/**
 * Whether each number is the value or the typical value of the feature that it belongs to, with its unit or without
 * one, and no value is stated twice.
 * @param named The reason of each word.
 */
export function numbersAreTrue(
  words: readonly Word[],
  named: readonly (ReasonFact | undefined)[],
  language: Language,
): boolean {
  const stated = new Set<string>();
  return words.every(({ number, unit }, i) => {
    if (number === undefined) return true;
    const owner = ownerOf(words, named, i);
    if (owner === undefined) return false;
    const kind = isTypical(words, i) ? "typical" : "value";
    const key = `${owner.id} ${kind}`;
    const expected = owner[kind];
    if (stated.has(key) || expected === null) return false;
    stated.add(key);
    return numberForms(expected, language).includes(number) && (unit === "" || unit === owner.unit);
  });
}

/** Returns the reason that a number belongs to. Undefined: not certain. */
function ownerOf(
  words: readonly Word[],
  named: readonly (ReasonFact | undefined)[],
  at: number,
): ReasonFact | undefined {
  const following = named[at + 1];
  // "7 past disputes": the label says what the number counts.
  if (following?.unit && ` ${following.label}`.endsWith(` ${following.unit}`) && words[at]?.unit === "")
    return following;
  const reasons = [...new Set(named.flatMap((reason) => reason ?? []))];
  if (reasons.length === 1) return reasons[0];
  const before = named.findLastIndex((reason, i) => i < at && reason !== undefined);
  if (before < 0) return;
  const between = words.slice(before + 1, at);
  return between.every(({ roles }) => ATTACHED.some((role) => roles.has(role))) ? named[before] : undefined;
}

/** What may be between a feature and its numbers, where other features are named too. */
const ATTACHED: readonly Role[] = [
  "comma",
  "semicolon",
  "open",
  "preposition",
  "is",
  "typical",
  "versus",
  "number",
  "above",
  "below",
  "determiner",
];

/** Whether a number is called a typical value. */
function isTypical(words: readonly Word[], at: number): boolean {
  for (let i = at - 1; i >= 0; i--) {
    const roles = words[i]?.roles;
    if (roles === undefined || roles.has("number") || roles.has("reason")) break;
    // "below its typical level: 7 points", and "(": the number begins anew.
    if (words[i]?.text === ":" || roles.has("open")) break;
    if ((["typical", "versus", "above", "below"] as const).some((role) => roles.has(role))) return true;
  }
  // "where 0.1 is typical", and not "0.45, typical 0.1".
  let after = at + 1;
  while (words[after]?.roles.has("is")) after++;
  if (!words[after]?.roles.has("typical")) return false;
  return !words
    .slice(after + 1)
    .some(
      ({ number }, i, rest) =>
        number !== undefined && rest.slice(0, i).every(({ roles }) => roles.has("preposition") || roles.has("is")),
    );
}
