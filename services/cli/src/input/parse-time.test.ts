import { expect, test } from "vitest";
import { dayOrTime } from "./parse-time.ts";

test("a day is its end in UTC; a time has its zone", () => {
  expect(dayOrTime("2028-02-29").toISOString()).toBe("2028-02-29T23:59:59.000Z");
  expect(dayOrTime("2026-12-31T17:00+01:00").toISOString()).toBe("2026-12-31T16:00:00.000Z");
  expect(dayOrTime("2026-12-31T17:00:05Z").toISOString()).toBe("2026-12-31T17:00:05.000Z");
});

test.each(["", "tomorrow", "2026-02-29", "2026-13-01", "2026-02-30T00:00Z", "2026-12-31T17:00", "31.12.2026", "12345"])(
  "%j is not a time",
  (text) => {
    expect(() => dayOrTime(text)).toThrow("expected a day such as 2026-12-31");
  },
);
