import { expect, test } from "vitest";
import { csvHeader } from "./csv-header.ts";

test.each([
  ["a,b,c\n1,2,3\n", ["a", "b", "c"]],
  ["\uFEFFa,b\r\n1,2\r\n", ["a", "b"]],
  ['"a, x","b ""q""" , c \n', ["a, x", 'b "q" ', " c "]],
  ['"Unit of\nMeasure",b\n', ["Unit of\nMeasure", "b"]],
  ["a\rb,c\n", ["a\rb", "c"]],
  ["only", ["only"]],
])("reads the names of the first record of %j", (text, names) => {
  expect(csvHeader(text, ",", true)).toEqual(names);
});

test("uses the delimiter that it is passed", () => {
  expect(csvHeader("a;b,c\n", ";", true)).toEqual(["a", "b,c"]);
});

test("returns null for a record without an end", () => {
  expect(csvHeader("a,b", ",", false)).toBeNull();
  expect(csvHeader('"a,b\n1,2\n', ",", true)).toBeNull();
});
