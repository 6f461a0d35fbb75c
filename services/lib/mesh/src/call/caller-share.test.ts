import { expect, test } from "vitest";
import { createCallerShares } from "./caller-share.ts";

test("one caller gets three quarters of the places; the others stay free for other callers", () => {
  const shares = createCallerShares(16);
  const places = Array.from({ length: 12 }, () => shares.take("ada"));
  expect(places.every((place) => place !== undefined)).toBe(true);
  expect(shares.take("ada")).toBeUndefined();
  expect(shares.take("grace")).toBeTypeOf("function");
  places[0]?.();
  places[0]?.();
  expect(shares.take("ada")).toBeTypeOf("function");
  expect(shares.take("ada")).toBeUndefined();
});

test("a single place can be taken", () => {
  expect(createCallerShares(1).take("ada")).toBeTypeOf("function");
});
