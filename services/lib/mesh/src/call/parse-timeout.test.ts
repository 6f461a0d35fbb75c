import { afterEach, expect, test, vi } from "vitest";
import { parseTimeout } from "./parse-timeout.ts";

afterEach(() => void vi.useRealTimers());

test.each([
  ["2H", 7_200_000],
  ["2M", 120_000],
  ["1S", 1_000],
  ["250m", 250],
  ["99999999m", 99_999_999],
  ["1500u", 1],
  ["999999n", 0],
])("%s means a deadline in %i ms", (header, ms) => {
  vi.useFakeTimers({ now: 1_000_000 });
  expect(parseTimeout(header)).toBe(1_000_000 + ms);
});

test.each([undefined, "", "S", "1", "1h", "-1S", "1.5S", "100000000m", "1SS"])("%j means no deadline", (header) => {
  expect(parseTimeout(header)).toBe(Number.POSITIVE_INFINITY);
});
