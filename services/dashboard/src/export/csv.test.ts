import { expect, test } from "vitest";
import { csvOf } from "./csv.ts";

const rowOf = (...cells: Parameters<typeof csvOf>[1][number]) => csvOf([], [cells]).split("\r\n")[1];

test("cells with commas, quotes and line ends are quoted", () => {
  expect(rowOf("a", "b,c", 'say "x"', "two\nlines")).toBe('a,"b,c","say ""x""","two\nlines"');
  expect(csvOf(["id", "name"], [["1", "x"]])).toBe("\uFEFFid,name\r\n1,x\r\n");
});

test("a text that a spreadsheet would run begins with an apostrophe, and a number does not", () => {
  expect(rowOf("=1+1", "+1", "-1", "@x", "\t=1", " =1", "|x", "%x")).toBe("'=1+1,'+1,'-1,'@x,'\t=1,' =1,'|x,'%x");
  expect(rowOf(-1.5, 3n, undefined)).toBe("-1.5,3,");
});
