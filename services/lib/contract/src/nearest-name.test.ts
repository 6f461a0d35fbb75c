import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

/** The longest possible feature name. */
const LONG = `a_${"b".repeat(126)}`;

const KNOWN = ["annual_revenue", "annual_spend", "late_ratio", "text", "avg_delay", LONG];

test.each([
  ["anual_revenue", "annual_revenue"],
  ["annual_revneue", "annual_revenue"],
  ["Annual Spend", "annual_spend"],
  ["late-ratio", "late_ratio"],
  ["txt", "text"],
  [`${LONG}b`, null],
  [LONG.replace("bb", "b"), LONG],
  ["delay_avg", null],
  ["colour", null],
  ["", null],
  ["late_ratio".repeat(20), null],
  ["a".repeat(100_000), null],
])("%s is nearest to %s", (name, expected) => {
  expect(nearestName(name, KNOWN)).toBe(expected);
});
