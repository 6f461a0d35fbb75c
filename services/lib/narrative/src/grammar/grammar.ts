import type { Band } from "@bellwether/contract/band-codes";

/**
 * The sentences of one language that a generated narrative may have. Everything else is rejected. The notation is that
 * of `parsePattern`. Patterns of reasons can use these names: {L} label, {V} value with its unit, {N} value without
 * unit, {T} typical value with its unit, {C} category, {O} most frequent category, {QS} quotes of the contract.
 */
export interface Grammar {
  /** Named parts of the other patterns. */
  readonly parts: Readonly<Record<string, string>>;
  /** Words for the place of a value relative to the typical value; a pattern gets the true one as {side}. */
  readonly sides: Readonly<Record<"above" | "below", string>>;
  /** Verbs for a value on that side; a pattern gets the true ones as {exceeds}. */
  readonly verbs: Readonly<Record<"above" | "below", string>>;
  /** Words for a value that is the typical value; a pattern gets them as {same}. */
  readonly same: string;
  /** Adjectives for a value on that side; a pattern gets the true ones as {adj}. */
  readonly adjectives: Readonly<Record<"above" | "below", string>>;
  /** How a reason is mentioned, by what is known of it. */
  readonly mentions: Readonly<Record<MentionKind, readonly string[]>>;
  /** How the words of a contract are mentioned in a sentence that names the contract elsewhere. */
  readonly words: string;
  /** How a count is mentioned whose label ends with its unit: "7 past disputes". */
  readonly counts: readonly string[];
  /** Sentences that compare a value with the typical value. They begin with {L}. */
  readonly comparisons: readonly string[];
  /** Words of a band, as a pattern. */
  readonly bands: Readonly<Record<Band, string>>;
  /** Pairs of quotation marks. */
  readonly quotationMarks: readonly (readonly [open: string, close: string])[];
  /** What joins the parts of a list. */
  readonly listJoints: string;
  /** Sentences about the score, with {score} or {percent} and {band}. */
  readonly scores: readonly string[];
  /** Sentences about a regressor's number, with {prediction}. */
  readonly predictions: readonly string[];
  /** Sentences about missing features, with {missing}. */
  readonly missing: readonly string[];
  /**
   * Sentences about reasons: {ups} reasons that increase the risk, {topUps} the strongest of them, {nextUps} the ones
   * that follow {topUps} in strength; {downs}, {topDowns}, {nextDowns} those that lower it;
   * {wordsUps}, {topWordsUps}, {wordsDowns}, {topWordsDowns} only the words of the contract.
   */
  readonly clauses: readonly string[];
  /** What may stand before a clause. */
  readonly leads: string;
  /** What may stand between two clauses of one sentence. */
  readonly separators: string;
}

/** What is known of a reason: it decides which mentions are true. */
export type MentionKind = "number" | "numberAlone" | "absent" | "category" | "text" | "bare";
