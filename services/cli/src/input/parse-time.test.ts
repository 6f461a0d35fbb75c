import { expect, test } from "vitest";
import { dateOrTime } from "./parse-time.ts";

test("a day begins at 00:00 UTC; a time has its zone", () => {
  expect(dateOrTime("2028-02-29").toISOString()).toBe("2028-02-29T00:00:00.000Z");
  expect(dateOrTime("2026-12-31T17:00+01:00").toISOString()).toBe("2026-12-31T16:00:00.000Z");
  expect(dateOrTime("2026-12-31T17:00:05Z").toISOString()).toBe("2026-12-31T17:00:05.000Z");
});

test.each(["", "tomorrow", "2026-02-29", "2026-13-01", "2026-02-30T00:00Z", "2026-12-31T17:00", "31.12.2026", "12345"])(
  "%j is not a time",
  (text) => {
    expect(() => dateOrTime(text)).toThrow("expected a day such as 2026-12-31");
  },
);
