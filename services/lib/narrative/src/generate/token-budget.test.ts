import { expect, test } from "vitest";
import { createTokenBudget } from "./token-budget.ts";

const clock = { ms: 0 };
const budget = (perMinute: number, perDay: number) => createTokenBudget({ perMinute, perDay, now: () => clock.ms });

test("reserves up to the limit of the minute, and again in the next minute", () => {
  clock.ms = 60_000;
  const tokens = budget(100, 1_000);
  expect(tokens.reserve(100)).toBeDefined();
  expect(tokens.reserve(1)).toBeUndefined();
  clock.ms = 119_999;
  expect(tokens.reserve(1)).toBeUndefined();
  clock.ms = 120_000;
  expect(tokens.reserve(100)).toBeDefined();
});

test("reserves up to the limit of the day, and again on the next day", () => {
  clock.ms = 0;
  const tokens = budget(100, 150);
  expect(tokens.reserve(100)).toBeDefined();
  clock.ms = 60_000;
  expect(tokens.reserve(51)).toBeUndefined();
  expect(tokens.reserve(50)).toBeDefined();
  clock.ms = 86_399_999;
  expect(tokens.reserve(1)).toBeUndefined();
  clock.ms = 86_400_000;
  expect(tokens.reserve(100)).toBeDefined();
});

test("used tokens replace the reserved ones, in the minute and day of the reservation", () => {
  clock.ms = 0;
  const tokens = budget(100, 150);
  const first = tokens.reserve(100);
  first?.settle(30);
  expect(tokens.reserve(71)).toBeUndefined();
  const second = tokens.reserve(70);
  clock.ms = 60_000;
  second?.settle(10);
  expect(tokens.reserve(100)).toBeDefined();
  expect(tokens.reserve(1)).toBeUndefined();
  clock.ms = 120_000;
  expect(tokens.reserve(11)).toBeUndefined();
  expect(tokens.reserve(10)).toBeDefined();
});
