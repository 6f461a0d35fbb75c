import { expect, test } from "vitest";
import { createAnswerCache } from "./answer-cache.ts";

test("drops the least recently used entry beyond its limit", () => {
  const cache = createAnswerCache<number>({ entries: 2, now: () => 0 });
  cache.set("a", 1, 10);
  cache.set("b", 2, 10);
  cache.get("a");
  cache.set("c", 3, 10);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
});

test("drops a value at the end of its time", () => {
  let now = 0;
  const cache = createAnswerCache<number>({ entries: 2, now: () => now });
  cache.set("a", 1, 10);
  now = 9;
  expect(cache.get("a")).toBe(1);
  now = 10;
  expect(cache.get("a")).toBeUndefined();
});

test("stores nothing when it has no entries", () => {
  const cache = createAnswerCache<number>({ entries: 0, now: () => 0 });
  cache.set("a", 1, 10);
  expect(cache.get("a")).toBeUndefined();
});
