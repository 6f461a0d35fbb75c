import { hashText } from "../random.ts";

/** A word: two or more letters or digits of any script. Every other character separates words. */
export const WORD = /[\p{L}\p{N}]{2,}/gu;
const WORD_CHARACTER = /^[\p{L}\p{N}]$/u;

/** Kind of a UTF-16 unit, determined at its first occurrence. */
const UNKNOWN = 0;
const SEPARATOR = 1;
const LETTER = 2;
/** The first half of a character of two units, which decide together. */
const FIRST_OF_PAIR = 3;

/** Adds to `counts[i]` how often the i-th term occurs as a word of the text, in any case. */
export type TermCounter = (text: string, counts: Float64Array) => void;

/**
 * Creates a counter for one vocabulary. It reads each text once and updates the hash of the current word at
 * each character (FNV-1a). Only a word with the hash of a term is compared with the term. Words and case are
 * those of `WORD` over `toLowerCase()`.
 * @param terms Lower-case words, each once.
 */
export function createTermCounter(terms: readonly string[]): TermCounter {
  const table = createTermTable(terms);
  // one byte a unit, so that the regular expression runs once for each character
  const kinds = new Uint8Array(0x10000);
  const kindAt = (text: string, i: number): number => {
    const unit = text.charCodeAt(i);
    if (kinds[unit] === UNKNOWN) kinds[unit] = kindOf(unit);
    return kinds[unit];
  };
  // One loop over the words, one over the letters of a word: half of the time of one loop over all characters.
  return (text, counts) => {
    const lower = text.toLowerCase();
    const { length } = lower;
    let i = 0;
    while (i < length) {
      let kind = kindAt(lower, i);
      if (kind === SEPARATOR || (kind === FIRST_OF_PAIR && !isLetterPair(lower, i))) {
        i++;
        continue;
      }
      const start = i;
      let hash = EMPTY_HASH;
      let characters = 0;
      do {
        hash = Math.imul(hash ^ lower.charCodeAt(i), FNV_PRIME);
        if (kind === FIRST_OF_PAIR) {
          i++;
          hash = Math.imul(hash ^ lower.charCodeAt(i), FNV_PRIME);
        }
        i++;
        characters++;
        kind = i < length ? kindAt(lower, i) : SEPARATOR;
      } while (kind === LETTER || (kind === FIRST_OF_PAIR && isLetterPair(lower, i)));
      const term = characters >= 2 ? table.find(lower, start, i, hash) : -1;
      if (term >= 0) counts[term] += 1;
    }
  };
}

function kindOf(unit: number): number {
  if (isHighSurrogate(unit)) return FIRST_OF_PAIR;
  return WORD_CHARACTER.test(String.fromCharCode(unit)) ? LETTER : SEPARATOR;
}

/** Whether the two units at a position are one letter or digit. */
const isLetterPair = (text: string, i: number): boolean => WORD_CHARACTER.test(text.slice(i, i + 2));
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const EMPTY_HASH = hashText("");
const FNV_PRIME = 0x01000193;

/** Creates a hash table of the terms: open addressing, at most a quarter full. */
function createTermTable(terms: readonly string[]) {
  let size = 16;
  while (size < 4 * terms.length) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const hashes = Int32Array.from(terms, hashText);
  for (const [term, word] of terms.entries()) {
    let slot = hashText(word) & (size - 1);
    while (slots[slot] >= 0) slot = (slot + 1) & (size - 1);
    slots[slot] = term;
  }
  return {
    /** Returns the index of the term that equals `text[start, end)`, or −1. */
    find(text: string, start: number, end: number, hash: number): number {
      let slot = hash & (size - 1);
      for (let term = slots[slot]; term >= 0; term = slots[slot]) {
        const word = terms[term];
        if (hashes[term] === hash && word.length === end - start && text.startsWith(word, start)) return term;
        slot = (slot + 1) & (size - 1);
      }
      return -1;
    },
  };
}
