import fc from "fast-check";
import { expect, test } from "vitest";
import { cellFromText, csvOf, csvRow, textFromCell } from "./csv-cell.ts";

test.each([
  ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
  ["+49 123", "'+49 123"],
  ["-5", "'-5"],
  ["@SUM(A1)", "'@SUM(A1)"],
  [" \u00a0=1+1", "' \u00a0=1+1"],
  ["|calc", "'|calc"],
  ["%0A", "'%0A"],
  ["＝1+1", "'＝1+1"],
  ["Müller, Söhne", '"Müller, Söhne"'],
  ['a "b"', '"a ""b"""'],
  ["two\nlines", '"two\nlines"'],
  ["a=b", "a=b"],
  ["", ""],
])("the text %j is the cell %j", (text, cell) => {
  expect(cellFromText(text)).toBe(cell);
});

test("a row has quoted cells, empty cells and numbers as they are", () => {
  expect(csvRow(["a", "b,c", 'say "x"', "\t=1", -1.5, 3n, null, undefined])).toBe(
    `a,"b,c","say ""x""",'\t=1,-1.5,3,,\r\n`,
  );
  expect(csvOf([["id"], ["a\0b"]])).toBe("\uFEFFid\r\nab\r\n");
});

test("no cell begins like a formula, and every text without outer white space comes back", () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^['=+\-@|% ＝]{1,4}[a-z"]{0,3}$/));
  fc.assert(
    fc.property(texts, (raw) => {
      const text = raw.trim();
      const cell = cellFromText(text);
      const value = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      expect(value).not.toMatch(/^\s*[=+\-@|%＝＋－＠]|^[\t\r\n]/);
      expect(textFromCell(value)).toBe(text);
    }),
  );
});
