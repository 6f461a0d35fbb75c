import fc from "fast-check";
import { expect, test } from "vitest";
import { timeFromUs, usFromTime } from "./micro-time.ts";

test("a time with microseconds is read as it was written, also before 1970", () => {
  expect(timeFromUs(-1n)).toBe("1969-12-31T23:59:59.999999Z");
  const us = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
  fc.assert(fc.property(us, (time) => usFromTime(timeFromUs(time)) === time));
});

test.each([
  "",
  "2026-01-01",
  "2026-01-01T00:00:00Z",
  "2026-02-30T00:00:00.000000Z",
  "2026-01-01T00:00:00.000000+01:00",
])("%j is not a time", (text) => {
  expect(usFromTime(text)).toBeNull();
});
