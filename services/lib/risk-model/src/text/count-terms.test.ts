import fc from "fast-check";
import { expect, test } from "vitest";
import { createTermCounter, WORD } from "./count-terms.ts";

/** Counts the same terms with a split and a map. */
function countBySplitting(text: string, terms: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(WORD) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return terms.map((term) => counts.get(term) ?? 0);
}

const piece = fc.oneof(
  fc.constantFrom(
    "penalty",
    "PENALTY",
    "Clause",
    "net30",
    "straße",
    "STRASSE",
    "İstanbul",
    "ΟΔΟΣ",
    "naïve",
    "契約",
    "契",
  ),
  fc.constantFrom(
    " ",
    "-",
    "“",
    "\n",
    "\u0301",
    "🙂",
    "𝒳",
    "𝒳𝒴",
    "\ud800",
    "\udc00",
    "a",
    "1",
    "constructor",
    "__proto__",
  ),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const text = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(""));

test("has the counts of splitting into words and counting in a map, in any script", () => {
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 4 }), (first, others) => {
      const terms = [...new Set([first, ...others].join(" ").toLowerCase().match(WORD))].filter((_, i) => i % 3 !== 2);
      const count = createTermCounter(terms);
      for (const one of [first, ...others, first]) {
        const counts = new Float64Array(terms.length);
        count(one, counts);
        expect([...counts]).toEqual(countBySplitting(one, terms));
      }
    }),
    { numRuns: 500 },
  );
});

test("one letter is not a word, two letters are", () => {
  const counts = new Float64Array(2);
  createTermCounter(["ab", "a"])("a b ab aab a", counts);
  expect([...counts]).toEqual([1, 0]);
});

test("distinguishes a vocabulary of 500 terms", () => {
  const terms = Array.from({ length: 500 }, (_, i) => `term${i}`);
  const counts = new Float64Array(500);
  createTermCounter(terms)(terms.join(" "), counts);
  expect(counts.every((n) => n === 1)).toBe(true);
});
