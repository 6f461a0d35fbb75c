import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

const KNOWN = ["annual_revenue", "annual_spend", "late_ratio", "text"];

test.each([
  ["anual_revenue", "annual_revenue"],
  ["annual_revneue", "annual_revenue"],
  ["Annual Spend", "annual_spend"],
  ["late-ratio", "late_ratio"],
  ["txt", "text"],
  ["colour", null],
  ["", null],
  ["a".repeat(100_000), null],
])("%s is nearest to %s", (name, expected) => {
  expect(nearestName(name, KNOWN)).toBe(expected);
});
