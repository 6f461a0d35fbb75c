import { expect, test } from "vitest";
import { tableText } from "./table-text.ts";
import { parseTable } from "./value-table.ts";

const TABLE = "name,spend\nMüller,1\n日本,2\n";
const utf8 = new TextEncoder().encode(TABLE);
const utf16 = (text: string) => Buffer.from(text, "utf16le");
const TABLES = [
  ["name", "spend"],
  ["Müller", "1"],
];

test("UTF-8 is read with and without a byte order mark, UTF-16 with one", () => {
  expect(tableText(utf8)).toBe(TABLE);
  expect(tableText(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), utf8]))).toBe(TABLE);
  expect(tableText(utf16(`\ufeff${TABLE}`))).toBe(TABLE);
  expect(tableText(utf16(`\ufeff${TABLE}`).swap16())).toBe(TABLE);
});

test.each([
  [
    "windows-1252",
    Buffer.from("name,spend\na,1\nMüller,2\n", "latin1"),
    "line 3 of the table has bytes that are not UTF-8",
  ],
  ["a character cut at the end", utf8.subarray(0, -4), "line 3 of the table has bytes that are not UTF-8"],
  ["UTF-16 without a mark", utf16(TABLE), "bytes that are not UTF-8"],
  ["ASCII as UTF-16 without a mark", utf16("a,b\n1,2\n"), "line 1 of the table has a NUL character"],
  ["half a character of UTF-16", utf16("\ufeffa,b\n1,\ud800\n"), "the table has bytes that are not UTF-16LE"],
  ["an odd byte after UTF-16", Buffer.concat([utf16("\ufeffa,b\n1,2\n"), Buffer.of(0x61)]), "not UTF-16LE"],
])("%s is an error that names the way out, in CSV and JSON lines", (_, bytes, problem) => {
  expect(() => parseTable(bytes)).toThrow(problem);
  expect(() => parseTable(bytes)).toThrow("; save the file as UTF-8");
});

test("JSON lines in another encoding are an error", () => {
  expect(() => parseTable(Buffer.from('{"name":"a"}\n{"name":"Müller"}\n', "latin1"))).toThrow(
    "line 2 of the table has bytes that are not UTF-8; save the file as UTF-8",
  );
  const { header, records } = parseTable(Buffer.from('\ufeff{"name":"Müller","spend":"1"}\n'));
  expect([header, ...records]).toEqual(TABLES);
});
