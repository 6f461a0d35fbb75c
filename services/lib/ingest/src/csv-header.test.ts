import { expect, test } from "vitest";
import { csvHeader } from "./csv-header.ts";

test.each([
  ["a,b,c\n1,2,3\n", ["a", "b", "c"], 1],
  ["\uFEFFa,b\r\n1,2\r\n", ["a", "b"], 1],
  ['"a, x","b ""q""" , c \n', ["a, x", 'b "q"', "c"], 1],
  ['"Unit of\nMeasure",b\n', ["Unit of\nMeasure", "b"], 2],
  ["a\rb\r", ["a"], 1],
  ["only", ["only"], 1],
])("reads the first record of %j", (text, names, lines) => {
  expect(csvHeader(text, ",", true)).toEqual({ names, lines });
});

test("takes the delimiter it is given", () => {
  expect(csvHeader("a;b,c\n", ";", true)?.names).toEqual(["a", "b,c"]);
});

test("a record that does not end is null", () => {
  expect(csvHeader("a,b", ",", false)).toBeNull();
  expect(csvHeader('"a,b\n1,2\n', ",", true)).toBeNull();
});
