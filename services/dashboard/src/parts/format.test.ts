import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  ageText,
  agoText,
  countOf,
  countText,
  featureText,
  moneyText,
  scoreText,
  signedText,
  valueText,
} from "./format.ts";

const EN = ["en"];
const DE = ["de"];

test("scores have two digits, and no score is a dash", () => {
  const texts = [0, 0.875, 1, undefined, Number.NaN].map((score) => scoreText(score, EN));
  expect(texts).toEqual(["0.00", "0.88", "1.00", "–", "–"]);
});

test("a score beside a limit of a band is on its own side of the limit", () => {
  const limits = { medium: 0.4, high: 0.7 };
  expect([0.3999, 0.4, 0.6996].map((score) => scoreText(score, DE, limits))).toEqual(["0,3999", "0,40", "0,6996"]);
  expect(scoreText(0.3999, DE)).toBe("0,40");
});

test("a number that does not round to zero has a sign", () => {
  const texts = [0.123, -1.05, 0.001, -0.001].map((value) => signedText(value, 2, EN));
  expect(texts).toEqual(["+0.12", "−1.05", "0.00", "0.00"]);
});

test("numbers and dates are written as the reader writes them", () => {
  expect([scoreText(0.87, DE), signedText(-0.5, 2, DE), countText(12_451, DE)]).toEqual(["0,87", "−0,50", "12.451"]);
  expect(agoText(timestampFromMs(Date.UTC(2026, 9, 24)), Date.UTC(2026, 10, 23), ["en-GB"])).toBe("24 Oct 2026");
});

test("money has its currency; without one it is a number", () => {
  expect(moneyText(1_204_000, "EUR", {}, EN)).toBe("€1.2M");
  expect(moneyText(1_204_000, "EUR", { full: true }, EN)).toBe("€1,204,000");
  expect(moneyText(-12_000, "USD", { signed: true }, EN)).toBe("−$12K");
  expect(moneyText(5, "", {}, EN)).toBe("5");
  expect(moneyText(undefined, "EUR", {}, EN)).toBe("–");
});

test("values keep whole numbers, others have four significant digits", () => {
  expect([7, 0.123456, 12_345].map((value) => valueText(value, EN))).toEqual(["7", "0.1235", "12,345"]);
});

test("times are relative, and a date after a week", () => {
  const now = Date.UTC(2026, 10, 23, 12);
  const ago = (minutes: number) => agoText(timestampFromMs(now - minutes * 60_000), now, EN);
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

test("ages are short", () => {
  const now = Date.UTC(2026, 10, 23, 12);
  const age = (minutes: number) => ageText(timestampFromMs(now - minutes * 60_000), now);
  expect([-1, 59, 60, 60 * 24, 60 * 24 * 40].map(age)).toEqual(["0 min", "59 min", "1 h", "1 d", "40 d"]);
});

test("feature names become words", () => {
  expect(featureText("late_delivery_ratio")).toBe("late delivery ratio");
  expect(featureText("contract_text:force majeure: all")).toBe("the word “force majeure: all” in the contract");
});

test("a count of one has its noun in the singular", () => {
  expect([0, 1, 2_000].map((count) => countOf(count, "row", undefined, ["en"]))).toEqual([
    "0 rows",
    "1 row",
    "2,000 rows",
  ]);
  expect([1n, 2n].map((count) => countOf(count, "entry", "entries", ["en"]))).toEqual(["1 entry", "2 entries"]);
});
