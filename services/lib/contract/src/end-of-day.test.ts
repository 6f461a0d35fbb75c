import { expect, test } from "vitest";
import { endOfDay } from "./end-of-day.ts";

test("a day ends with its last second in UTC", () => {
  expect(endOfDay("2028-02-29")?.toISOString()).toBe("2028-02-29T23:59:59.000Z");
  expect(endOfDay("9999-12-31")?.toISOString()).toBe("9999-12-31T23:59:59.000Z");
});

test.each([
  "",
  "tomorrow",
  "2026-02-29",
  "2026-13-01",
  "2026-12-31T17:00Z",
  "31.12.2026",
  " 2026-12-31",
  "2026-12-31\n",
])("%j is not a day", (text) => {
  expect(endOfDay(text)).toBeUndefined();
});
