import type { TextSpec } from "@bellwether/config/model-spec";
import type { BundleText } from "../bundle/feature-bundle.ts";
import { createTermCounter, WORD } from "./count-terms.ts";
import { ENGLISH_STOP_WORDS } from "./stop-words.ts";

/**
 * Maximum length of a word that may become a term, in characters. Longer words are serial numbers and noise.
 */
const LONGEST_TERM = 64;

/**
 * Chooses the vocabulary: the terms that most texts contain, ties in alphabetical order, and their smoothed
 * inverse document frequency `ln((1 + n) / (1 + df)) + 1` (Salton & Buckley 1988, in the smoothed form of
 * scikit-learn).
 */
export function fitTfIdf(texts: readonly string[], spec: TextSpec): BundleText {
  const stopWords = spec.stopWords === "english" ? ENGLISH_STOP_WORDS : new Set<string>();
  const found = new Map<string, number>();
  for (const text of texts) {
    for (const word of new Set(text.toLowerCase().match(WORD)))
      if (word.length <= LONGEST_TERM && !stopWords.has(word)) found.set(word, (found.get(word) ?? 0) + 1);
  }
  const chosen = [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, spec.maxTerms);
  return {
    feature: spec.name,
    stopWords: spec.stopWords,
    ...(spec.de !== undefined && { de: spec.de }),
    terms: chosen.map(([term]) => term),
    idf: chosen.map(([, df]) => Math.log((1 + texts.length) / (1 + df)) + 1),
  };
}

/** Writes a text's term weights, `tf × idf` scaled to unit length, to `row` from index `offset`. */
export type TextWriter = (text: string, row: Float32Array, offset: number) => void;

/** Creates the writer of one vocabulary. The weights of a text without any of its terms are all zero. */
export function createTextWriter(vocabulary: BundleText): TextWriter {
  const countTerms = createTermCounter(vocabulary.terms);
  const counts = new Float64Array(vocabulary.terms.length);
  return (text, row, offset) => {
    counts.fill(0);
    countTerms(text, counts);
    let square = 0;
    for (let i = 0; i < counts.length; i++) {
      const weight = counts[i] * vocabulary.idf[i];
      counts[i] = weight;
      square += weight * weight;
    }
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = 0; i < counts.length; i++) row[offset + i] = counts[i] * scale;
  };
}
