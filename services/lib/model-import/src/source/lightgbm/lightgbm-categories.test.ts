import { expect, test } from "vitest";
import { lightgbmCategories } from "./lightgbm-categories.ts";

test("texts of the data frame belong to the categorical columns in their order", () => {
  const { codes, categorical, notes } = lightgbmCategories(["[0:1]", "-1:0:1", "0:2:1"], '[["DE","FR"],[10,20,30]]');
  expect([...categorical]).toEqual([1, 2]);
  expect(codes.map((column) => column?.labels ?? null)).toEqual([null, ["DE", "FR"], ["10", "20", "30"]]);
  expect(notes).toEqual([]);
});

test("a categorical column with one category, which has no codes in the file, keeps its text", () => {
  const { codes, categorical, notes } = lightgbmCategories(["[0:1]", "none", "0:1"], '[["a"],["hi","lo"]]');
  expect([...categorical]).toEqual([1, 2]);
  expect(codes.map((column) => column?.labels ?? null)).toEqual([null, ["a"], ["hi", "lo"]]);
  expect(notes).toEqual([]);
});

test("booleans are written as pandas writes them", () => {
  expect(lightgbmCategories(["0:1"], "[[false,true]]").codes[0]?.labels).toEqual(["False", "True"]);
});

test.each([
  ["more lists than columns", ["[0:1]", "0:1"], '[["a"],["b","c"]]'],
  ["an unused column that may be a number or a category", ["none", "none", "0:1"], '[["a"],["b","c"]]'],
  ["fewer texts than codes", ["0:1:2"], '[["a","b"]]'],
])("%s: categories are sent as codes, which is reported", (_, infos, pandas) => {
  const { codes, notes } = lightgbmCategories(infos, pandas);
  expect(codes.every((column) => column === null || column.labels === null)).toBe(true);
  expect(notes).toEqual([expect.stringContaining("categories are sent as codes")]);
});
