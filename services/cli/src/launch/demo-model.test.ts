import { expect, test } from "vitest";
import { demoWeek } from "./demo-model.ts";

const MONDAY = new Date("2027-01-04T03:00:00Z");

test("the first week of the demo is the one before the present week, also over a year", () => {
  expect(demoWeek({ env: {} }, new Date("2026-11-30T03:00:00Z"))).toBe("2026-W48");
  expect(demoWeek({ env: {} }, MONDAY)).toBe("2026-W53");
});

test("BELLWETHER_DEMO_WEEK names another week, at most the present one", () => {
  expect(demoWeek({ env: { BELLWETHER_DEMO_WEEK: "2026-W47" } }, MONDAY)).toBe("2026-W47");
  expect(demoWeek({ env: { BELLWETHER_DEMO_WEEK: "2030-W01" } }, MONDAY)).toBe("2027-W01");
  expect(() => demoWeek({ env: { BELLWETHER_DEMO_WEEK: "2026-W54" } }, MONDAY)).toThrow(
    /BELLWETHER_DEMO_WEEK: "2026-W54"/,
  );
});
