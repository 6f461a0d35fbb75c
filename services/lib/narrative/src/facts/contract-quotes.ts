/** Words of a contract, with their place. */
export interface ContractQuote {
  /** The words as the contract has them. At most `MAX_QUOTE_CHARACTERS` characters. */
  readonly text: string;
  /** Place of the first character, in Unicode characters (code points) from 0. -1: the contract is not known. */
  readonly start: number;
  /** Place after the last character. */
  readonly end: number;
}

/** Longest quote, in UTF-16 units: longer than the longest word of a vocabulary. */
export const MAX_QUOTE_CHARACTERS = 64;

/** A word of a contract, as the vocabulary of a model has it: two or more letters or digits of any script. */
const WORD = /[\p{L}\p{N}]{2,}/gu;
/** Letters that are drawn as nothing, for example U+3164. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/**
 * Returns the first occurrence of each word in a contract. Only single words of the model's vocabulary become quotes,
 * so that no sentence of a contract reaches a language model or a reader of a narrative, and no quote contains the
 * quotation mark that ends it. A word that the contract does not have in one piece (some letters have another length
 * in lower case) has no quote.
 * @param words Lower-case words. @param contractText "" when the contract is not known: the words then have no place.
 */
export function contractQuotes(contractText: string, words: readonly string[]): ContractQuote[] {
  const short = words.filter(isQuotable);
  if (contractText === "") return short.map((text) => ({ text, start: -1, end: -1 }));
  const places = new Map<string, number>();
  const wanted = new Set(short);
  for (const { 0: found, index } of contractText.matchAll(WORD)) {
    const word = found.toLowerCase();
    if (!wanted.has(word)) continue;
    wanted.delete(word);
    places.set(word, index);
    if (wanted.size === 0) break;
  }
  return short.flatMap((word) => {
    const index = places.get(word);
    if (index === undefined) return [];
    const text = contractText.slice(index, index + word.length);
    if (text.toLowerCase() !== word) return [];
    const start = countCharacters(contractText.slice(0, index));
    return [{ text, start, end: start + countCharacters(text) }];
  });
}

const isQuotable = (word: string): boolean =>
  word.length <= MAX_QUOTE_CHARACTERS && word.replace(WORD, "") === "" && word !== "" && !INVISIBLE.test(word);

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
