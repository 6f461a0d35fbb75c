import { expect, test } from "vitest";
import { changeText } from "./counterfactual-text.ts";

test.each([
  [{ feature: "open_claims", from: 3, to: 1, unit: "disputes" }, "lower open claims from 3 to 1 dispute"],
  [{ feature: "open_claims", from: 1, to: 2, unit: "disputes" }, "raise open claims from 1 to 2 disputes"],
  [{ feature: "past_disputes", from: 3, to: 1, unit: "disputes" }, "lower past disputes from 3 to 1"],
  [{ feature: "late_ratio", from: 0.45, to: 0.123_456, unit: "share" }, "lower late ratio from 0.45 to 0.123456 share"],
  [{ feature: "region", from: "EU", to: "US", unit: "" }, "change region from EU to US"],
])("%#", (change, text) => {
  expect(changeText(change)).toBe(text);
});
