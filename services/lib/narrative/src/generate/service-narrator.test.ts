import { expect, test } from "vitest";
import { narrativeWaitMs } from "./service-narrator.ts";

test("a call with little time left does not wait for the language model, and never a negative time", () => {
  expect(narrativeWaitMs(30)).toBe(0);
  expect(narrativeWaitMs(-5)).toBe(0);
  expect(narrativeWaitMs(undefined)).toBeUndefined();
  expect(narrativeWaitMs(10_000)).toBeGreaterThan(9_000);
});
