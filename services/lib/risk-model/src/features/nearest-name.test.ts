import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

const KNOWN = ["late_ratio", "dispute_rate", "avg_delay"];

test("suggests what was probably meant, in any case", () => {
  expect(nearestName("late_rato", KNOWN)).toBe("late_ratio");
  expect(nearestName("Dispute_Rate", KNOWN)).toBe("dispute_rate");
  expect(nearestName("delay_avg", KNOWN)).toBeUndefined();
});

test("suggests nothing for what is far from everything or too long to mean anything", () => {
  expect(nearestName("", KNOWN)).toBeUndefined();
  expect(nearestName("zzzzzzzz", KNOWN)).toBeUndefined();
  expect(nearestName("late_ratio".repeat(20), KNOWN)).toBeUndefined();
});
