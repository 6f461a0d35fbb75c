import type { Band } from "@bellwether/contract/band-codes";

/**
 * What a word or a group of words does in a sentence. A sentence may have only words with a role: all others (negations,
 * hedges, quantities, causes, advice) are not in the lexicon, so that a sentence with one of them is not accepted.
 */
export const ROLES = [
  // Articles and pronouns of a feature ("the", "its"); verbs without a claim ("is", "stands at").
  ...(["determiner", "is"] as const),
  // Words before a number, a feature or a list ("of", "at"); words that join without a claim ("in addition").
  ...(["preposition", "adverb"] as const),
  // Words before a feature or a list, and not before a number: "by". "wird": the passive voice.
  ...(["agent", "passive"] as const),
  // Nouns for features in general ("factors"); "the value of" a feature.
  ...(["noun", "valueOf"] as const),
  // "and"; words that begin another statement ("while").
  ...(["joint", "split"] as const),
  // The risk or the score, as subject or object.
  "risk",
  // A whole direction: "has a negative influence on the score".
  ...(["up", "down"] as const),
  // A verb that needs the risk as its object: "raises".
  ...(["upVerb", "downVerb"] as const),
  // A verb that needs a particle and the risk ("pushes"), and the particles ("up").
  ...(["push", "upParticle", "downParticle"] as const),
  // Calls the features of its statement the strongest ones; says that features follow others in strength.
  ...(["top", "order"] as const),
  // A comparison with the typical value ("above the typical"); an adjective before a feature ("the high late ratio").
  ...(["above", "below", "aboveAdjective", "belowAdjective"] as const),
  // Words of a typical value: "typical", "compared with".
  ...(["typical", "versus"] as const),
  // Says that features have no value.
  "missing",
  // Nouns for the contract and its words.
  "contract",
  // Words that only a sentence about the score has.
  "score",
] as const;

/** The role of a word; see `ROLES`. */
export type WordRole = (typeof ROLES)[number];

/** The words of one language, as patterns of `parsePattern`. */
export interface Lexicon {
  /** Named parts of the other patterns. */
  readonly parts: Readonly<Record<string, string>>;
  readonly words: Readonly<Record<WordRole, readonly string[]>>;
  /** Words of a band, with the nouns that may follow. */
  readonly bands: Readonly<Record<Band, readonly string[]>>;
}
