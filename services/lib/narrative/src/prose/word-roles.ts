/**
 * What a word, or a group of words, does in a sentence. All words outside the placeholders must have a role: words
 * without one (negations, hedges, quantities, advice, times, other things than the facts) make a sentence fail.
 */
export type WordRole =
  /** Function words, verbs without a claim ("is", "shows"), adverbs ("also"). */
  | "plain"
  /** "is", "are": a statement about what is before it. */
  | "be"
  /** Nouns for features in general ("factor"), and nouns of their values ("level"). */
  | "noun"
  /** "all": with a noun behind it, it speaks of all reasons. */
  | "all"
  /** "both": of exactly two. */
  | "both"
  /** Other subjects, which have no direction of their own ("model", "supplier", "data"). */
  | "body"
  | "contract"
  /** The risk or the score. */
  | "risk"
  /** A pronoun, for the risk or for the features of the sentence before. */
  | "it"
  | "and"
  /** Words that begin another statement ("while"). */
  | "split"
  /** Directions that are complete by themselves ("adverse", "in favour of the supplier"). */
  | "up"
  | "down"
  /** Verbs and particles of a direction, which need the risk in their statement ("raises", "up"). */
  | "upVerb"
  | "downVerb"
  /** Says that the score comes from a feature: an increase, where nothing else says the direction ("driver"). */
  | "source"
  /** Comparisons with the typical value. */
  | "above"
  | "below"
  /** A comparison before "than" and before a feature, else a direction. */
  | "higher"
  | "lower"
  /** A comparison beside a feature, else the band. */
  | "high"
  | "medium"
  | "low"
  /** Calls the features of its statement the strongest. */
  | "top"
  /** Says that features follow others in strength. */
  | "order"
  /** The direction of the sentence before, and the other one. */
  | "same"
  | "opposite"
  | "missing"
  /** Words of a typical value, and of a comparison of two numbers. */
  | "typical"
  | "versus"
  /** Conjunctions and prepositions of a cause. */
  | "cause";

/** The words of one language by role, separated by commas. A group of words can be in one entry. */
export type WordList = Readonly<Record<WordRole, string>>;

/** The roles of words and groups of words. */
export interface Vocabulary {
  /** Roles by word or by group, in lower case, its words separated by one space. */
  readonly roles: ReadonlyMap<string, ReadonlySet<WordRole>>;
  /** Number of words of the longest group. */
  readonly longest: number;
}

/** Prepares the words of a language. */
export function createVocabulary(lists: readonly WordList[]): Vocabulary {
  const roles = new Map<string, Set<WordRole>>();
  for (const list of lists)
    for (const [role, words] of Object.entries(list) as [WordRole, string][])
      for (const group of words.split(",").map((word) => word.trim())) {
        if (group === "") continue;
        const known = roles.get(group) ?? new Set();
        roles.set(group, known.add(role));
      }
  return { roles, longest: Math.max(...[...roles.keys()].map((group) => group.split(" ").length)) };
}

/** Returns all regular forms of English verbs: "raise, raises, raising, raised". */
export const englishForms = (verbs: string): string =>
  verbs
    .split(" ")
    .flatMap((verb) => {
      if (verb.endsWith("e")) return [verb, `${verb}s`, `${verb.slice(0, -1)}ing`, `${verb}d`];
      if (verb.endsWith("fy")) return [verb, `${verb.slice(0, -1)}ies`, `${verb}ing`, `${verb.slice(0, -1)}ied`];
      return [verb, `${verb}${/(sh|ch|ss|x)$/.test(verb) ? "es" : "s"}`, `${verb}ing`, `${verb}ed`];
    })
    .join(",");

/**
 * Returns the forms of regular German verbs from their stems: "senk" gives "senkt, senken, senkend"; "steiger" gives
 * "steigern", and "entlast" gives "entlastet".
 */
export const germanForms = (stems: string): string =>
  stems
    .split(" ")
    .flatMap((stem) => {
      const n = /e[rl]$/.test(stem) ? "n" : "en";
      const t = stem.endsWith("t") ? "et" : "t";
      return [t, n, `${n}d`, `${n}de`, `${n}den`, `${n}der`, `${n}des`].map((end) => stem + end);
    })
    .join(",");

/** Returns the forms of German adjectives: "günstig, günstige, günstigen, günstiger, günstiges, günstigem". */
export const germanAdjectives = (stems: string): string =>
  stems
    .split(" ")
    .flatMap((stem) => ["", "e", "en", "er", "es", "em"].map((end) => stem + end))
    .join(",");
