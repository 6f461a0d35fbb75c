import { expect, test } from "vitest";
import { type KnownOwner, suggestOwners } from "./suggest-owners.ts";

const known = (owner: string, activeAlerts = 0, seenMs = 0): KnownOwner => ({ owner, activeAlerts, seenMs });
const namesOf = (all: readonly KnownOwner[], prefix = "", limit = 50) =>
  suggestOwners(all, prefix, limit).owners.map(({ owner }) => owner);

test("owners with more alerts come first, then those who were seen last, then by name, each once", () => {
  const all = [known("bo"), known("kim", 0, 5), known("jo", 2), known("ada"), known("jo", 0, 9), known("lee", 7, 1)];
  expect(namesOf(all)).toEqual(["lee", "jo", "kim", "ada", "bo"]);
  expect(suggestOwners(all, "jo", 8).owners).toEqual([known("jo", 2, 9)]);
});

test("a prefix matches the begin of the owner or of a word in it, whatever the letter case", () => {
  const all = [known("Ada Lovelace (0f3c)"), known("lee@example.org"), known("Élodie"), known("bela")];
  expect(namesOf(all, "L")).toEqual(["Ada Lovelace (0f3c)", "lee@example.org"]);
  expect(namesOf(all, "0F")).toEqual(["Ada Lovelace (0f3c)"]);
  expect(namesOf(all, "éL")).toEqual(["Élodie"]);
  expect(namesOf(all, "%")).toEqual([]);
});

test("API keys, the rules, nameless callers and texts that an alert cannot have as its owner are left out", () => {
  const longest = "x".repeat(128);
  expect(
    namesOf([known("key:erp"), known("rules"), known("anonymous"), known(""), known(longest), known(`${longest}y`)]),
  ).toEqual([longest]);
});

test("at most the limit is returned, and more is reported", () => {
  const three = ["a", "b", "c"].map((owner) => known(owner));
  expect(suggestOwners(three, "", 3).isMore).toBe(false);
  expect(suggestOwners(three, "", 2)).toEqual({ owners: three.slice(0, 2), isMore: true });
});
