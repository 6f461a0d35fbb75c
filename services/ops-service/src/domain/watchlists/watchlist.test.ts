import { expect, test } from "vitest";
import { mayChange, maySee, nameKeyOf, watchlistEvent } from "./watchlist.ts";

const person = (subject: string, isAdmin = false) => ({ subject, name: subject, isAdmin, scope: undefined });
const PRIVATE = { owner: "ana", isShared: false };
const SHARED = { owner: "ana", isShared: true };

test("a private list is seen and changed by its owner only, also not by an administrator", () => {
  expect([maySee(PRIVATE, person("ana")), mayChange(PRIVATE, person("ana"))]).toEqual([true, true]);
  for (const other of [person("bo"), person("root", true)])
    expect([maySee(PRIVATE, other), mayChange(PRIVATE, other)]).toEqual([false, false]);
});

test("a shared list is seen by everybody, and changed by its owner and by administrators", () => {
  expect([maySee(SHARED, person("bo")), mayChange(SHARED, person("bo"))]).toEqual([true, false]);
  expect([maySee(SHARED, person("root", true)), mayChange(SHARED, person("root", true))]).toEqual([true, true]);
});

test.each([
  ["Castings", "CASTINGS"],
  ["ﬁne", "fine"],
  ["Ångström", "ångström"],
])("the names %s and %s are the same", (a, b) => {
  expect(nameKeyOf(a)).toBe(nameKeyOf(b));
});

test("an event names at most 50 suppliers, and counts all", () => {
  const ids = Array.from({ length: 60 }, (_, i) => `S${i}`);
  const { payload } = watchlistEvent("suppliers_added", { id: "7", name: "n", isShared: true, version: 2 }, "ana", ids);
  const { suppliers, supplierIds } = JSON.parse(payload);
  expect([suppliers, supplierIds.length]).toEqual([60, 50]);
});
