import { expect, test } from "vitest";
import { createTextWriter, fitTfIdf } from "./tf-idf.ts";

const spec = { name: "contract_text", maxTerms: 3, stopWords: "english" as const };

test("keeps the terms that most texts contain, ties in alphabetical order, without stop words", () => {
  const fitted = fitTfIdf(["the penalty clause", "a penalty and zeal", "clause apart"], spec);
  expect(fitted.terms).toEqual(["clause", "penalty", "apart"]);
  expect(fitted.idf[0]).toBeCloseTo(Math.log(4 / 3) + 1, 12);
});

test("a word of more than 64 letters is not a term", () => {
  expect(fitTfIdf(["x".repeat(64), `${"y".repeat(65)} z`], spec).terms).toEqual(["x".repeat(64)]);
});

test("weights have unit length and increase with the counts", () => {
  const fitted = fitTfIdf(["penalty clause", "penalty", "notice"], spec);
  const row = new Float32Array(5).fill(9);
  createTextWriter(fitted)("Penalty PENALTY clause!", row, 1);
  expect(row[0]).toBe(9);
  expect(row[4]).toBe(9);
  expect(Math.hypot(...row.slice(1, 4))).toBeCloseTo(1, 6);
  expect((row[1] ?? 0) / (row[2] ?? 1)).toBeCloseTo((2 * (fitted.idf[0] ?? 0)) / (fitted.idf[1] ?? 1), 5);
});

test("the weights of an empty text and of a text of unknown words are all zero", () => {
  const fitted = fitTfIdf(["penalty clause"], spec);
  const row = new Float32Array(2).fill(9);
  createTextWriter(fitted)("", row, 0);
  expect([...row]).toEqual([0, 0]);
  createTextWriter(fitted)("constructor __proto__ 💥", row, 0);
  expect([...row]).toEqual([0, 0]);
});
