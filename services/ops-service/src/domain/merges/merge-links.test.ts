import { expect, test } from "vitest";
import { mergeLinksOf, representedIn, withMembers } from "./merge-links.ts";

const links = mergeLinksOf([
  { survivor: 10, merged: 12 },
  { survivor: 10, merged: 11 },
  { survivor: 20, merged: 21 },
]);

test("a supplier without a merge is its own survivor and only member", () => {
  expect([links.survivorOf(5), links.membersOf(5)]).toEqual([5, [5]]);
  expect(withMembers(links, [5, 11])).toEqual([5, 10, 12, 11]);
});

test.each([
  ["the survivor and all merged", [10, 11, 12], [11, 12]],
  ["two merged", [11, 12], [11]],
  ["one merged", [11], []],
  ["nobody", [], []],
  ["several merges", [11, 20, 21], [21]],
])("with the scores of %s, each merge is represented once", (_, scored, expected) => {
  expect(representedIn(links, new Set(scored))).toEqual(expected);
});
