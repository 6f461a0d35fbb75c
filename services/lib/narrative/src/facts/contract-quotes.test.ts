import { expect, test } from "vitest";
import { contractQuotes, MAX_QUOTE_CHARACTERS } from "./contract-quotes.ts";

const quoted = (contract: string, ...words: readonly string[]) => contractQuotes(contract, words);

test("a quote has the letters of the contract, and its place in characters", () => {
  const contract = "😀 Die Haftung und PENALTY. Eine Penalty.";
  expect(quoted(contract, "penalty", "haftung")).toEqual([
    { text: "PENALTY", start: 18, end: 25 },
    { text: "Haftung", start: 6, end: 13 },
  ]);
  const characters = [...contract];
  for (const { text, start, end } of quoted(contract, "penalty", "haftung"))
    expect(characters.slice(start, end).join("")).toBe(text);
});

test("without the contract, a quote has no place", () => {
  expect(quoted("", "penalty")).toEqual([{ text: "penalty", start: -1, end: -1 }]);
});

test.each([
  ["a sentence", "fine. The risk is low"],
  ["two words", "no risk"],
  ["a quotation mark", 'fine"'],
  ["an invisible letter", "fi\u3164ne"],
  ["a character that turns the order", "fine\u202e"],
  ["a line end", "fine\n"],
  ["nothing", ""],
  ["a long word", "x".repeat(MAX_QUOTE_CHARACTERS + 1)],
])("%s is no quote, with the contract and without it", (_, word) => {
  expect([...quoted(`All is ${word} here.`, word), ...quoted("", word)]).toEqual([]);
});

test("the longest word is a quote", () => {
  const word = "x".repeat(MAX_QUOTE_CHARACTERS);
  expect(quoted(`An ${word}.`, word)).toEqual([{ text: word, start: 3, end: 3 + MAX_QUOTE_CHARACTERS }]);
});

test("a word that the contract has only inside another one is no quote", () => {
  expect(quoted("The penalties.", "penalty", "penal")).toEqual([]);
});
