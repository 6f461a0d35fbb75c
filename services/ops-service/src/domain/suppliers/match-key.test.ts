import fc from "fast-check";
import { expect, test } from "vitest";
import { matchKey } from "./match-key.ts";

test.each([
  ["Müller Stahl GmbH & Co. KG", "Mueller Stahl GmbH"],
  ["Schmidt Logistik AG", "Logistik Schmidt"],
  ["ACME, Inc.", "Acme Incorporated"],
  ["Société Générale S.A.", "Societe Generale"],
  ["Hansen G.m.b.H.", "hansen gmbh"],
  ["Muller Stahl", "Müller-Stahl"],
  ["Kuehne+Nagel Ltd", "Kühne + Nagel"],
])("%j and %j have the same key", (one, other) => {
  expect(matchKey(one)).not.toBe("");
  expect(matchKey(one)).toBe(matchKey(other));
});

test.each([
  ["Schmidt Logistik", "Schmidt Logistics"],
  ["North Steel 1", "North Steel 2"],
  ["A B", "A C"],
])("%j and %j have other keys", (one, other) => {
  expect(matchKey(one)).not.toBe(matchKey(other));
});

test.each(["", " ", "GmbH & Co. KG", "\u200b", "!!", "AB", "S.A."])("%j has no key", (name) => {
  expect(matchKey(name)).toBe("");
});

test("a key is short, has no space, and does not depend on the order of the words", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 60 }), { maxLength: 12 }), (words) => {
      const key = matchKey(words.join(" "));
      expect(key.length).toBeLessThanOrEqual(200);
      expect(key).not.toMatch(/\s/u);
      expect(key.isWellFormed()).toBe(true);
    }),
  );
  expect(matchKey("x".repeat(1_000_000)).length).toBeLessThanOrEqual(200);
  expect(matchKey("a.".repeat(100_000))).toEqual(expect.any(String));
});
