import fc from "fast-check";
import { expect, test } from "vitest";
import { identifierKey, searchesInside, searchKey, searchQuery, storedKey } from "./search-key.ts";

test.each([
  ["Müller Stahl GmbH", "muller stahl gmbh"],
  ["  MULLER \t STAHL\ngmbh ", "muller stahl gmbh"],
  ["Straße Łódź Ærø", "strasse lodz aero"],
  ["İstanbul Ltd", "istanbul ltd"],
  ["ＡＢＣ ﬁne", "abc fine"],
  ["ПОСТАВЩИК", "поставщик"],
  ["株式会社", "株式会社"],
  ["50% off_a\\b'; drop table", "50% off_a\\b'; drop table"],
  ["a\u202Eb\u200Bc", "abc"],
  ["🏭 plant", "🏭 plant"],
  ["", ""],
])("the search key of %j is %j", (text, key) => {
  expect(searchKey(text)).toBe(key);
});

test("a search key is its own search key, so stored keys and queries agree", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
      const key = searchKey(text);
      expect(searchKey(key)).toBe(key);
    }),
  );
});

test("a stored key has at most 1,800 bytes, and is the beginning of the search key", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 512 }),
      fc.integer({ min: 0, max: 300 }),
      (text, ligatures) => {
        const name = text + "\ufdfa".repeat(ligatures) + "🏭".repeat(ligatures);
        const key = storedKey(name);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_800);
        expect(key.isWellFormed() && searchKey(name).startsWith(key)).toBe(true);
      },
    ),
  );
  expect(storedKey("Müller")).toBe("muller");
  expect(storedKey(`${"a".repeat(599)}🏭`)).toBe("a".repeat(599));
});

test("identifiers are compared by letters and digits alone", () => {
  expect(identifierKey("DE 123.456-789")).toBe("de123456789");
  expect(identifierKey(" - ")).toBe("");
});

test("a query of 3 characters is searched inside names, a query of 2 is not", () => {
  expect(["ab", "abc", "株式", "株式会", "🏭🏭"].map((text) => searchesInside(searchQuery(text)))).toEqual([
    false,
    true,
    false,
    true,
    false,
  ]);
});
