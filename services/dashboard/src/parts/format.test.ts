import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { agoText, featureText, scoreText, signedText } from "./format.ts";

test("scores have two digits, and no score is a dash", () => {
  expect([0, 0.875, 1, undefined, Number.NaN].map(scoreText)).toEqual(["0.00", "0.88", "1.00", "–", "–"]);
});

test("a number that does not round to zero has a sign", () => {
  expect([0.123, -1.05, 0.001, -0.001].map((value) => signedText(value))).toEqual(["+0.12", "−1.05", "0.00", "0.00"]);
});

test("times are relative, and a date after a week", () => {
  const now = Date.UTC(2026, 10, 23, 12);
  const ago = (minutes: number) => agoText(timestampFromMs(now - minutes * 60_000), now);
  expect([0, 1, 90, 60 * 24, 60 * 24 * 6].map(ago)).toEqual([
    "just now",
    "1 minute ago",
    "1 hour ago",
    "yesterday",
    "6 days ago",
  ]);
  expect(ago(60 * 24 * 30)).toMatch(/Oct 24, 2026/);
  expect(agoText(undefined, now)).toBe("");
});

test("feature names become words", () => {
  expect(featureText("late_delivery_ratio")).toBe("late delivery ratio");
  expect(featureText("contract_text:force majeure: all")).toBe("contract: “force majeure: all”");
});
