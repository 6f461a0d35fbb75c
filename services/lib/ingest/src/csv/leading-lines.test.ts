import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readSmall, SMALL_MAPPING } from "../../test/mapping-fixture.ts";

const TABLE = "id;delay;amount;late\ns1;1;10;0\ns2;x;20;1\ns3;3;30;0\ns4;4;40;1\n";

function read(content: string | Uint8Array, options: string) {
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", `file: suppliers.csv${options}`);
  return readSmall({ "suppliers.csv": content }, { mapping });
}
const SEMICOLON = '\n    delimiter: ";"';

test.each([
  ["LF", TABLE],
  ["CR LF", TABLE.replaceAll("\n", "\r\n")],
  ["a byte order mark", `\uFEFF${TABLE}`],
])("skips the declared lines before the column names and counts lines of the file: %s", async (_, table) => {
  const before = 'Report "of; Monday\n\nall regions\n'.replaceAll("\n", table.includes("\r") ? "\r\n" : "\n");
  const content = table.startsWith("\uFEFF") ? `\uFEFF${before}${table.slice(1)}` : before + table;
  for (const file of [content, gzipSync(content)]) {
    const { table: read3, rejected, sources } = await read(file, `${SEMICOLON}\n    skip_lines: 3`);
    expect(read3.supplierIds).toEqual(["s1", "s3", "s4"]);
    expect(rejected.samples).toMatchObject([{ line: 6, column: "delay", text: "x" }]);
    expect(sources[0]?.read).toBe(4);
    expect(sources[0]?.notes).toContain("3 lines before the column names were skipped (skip_lines)");
  }
});

test("lines of a corrected copy have the numbers of the file too", async () => {
  const table = TABLE.replace("s1;1;10;0\n", 's1;1;10;0\n"s9;1;1;0\n\n').replace("s3", '"s3" ');
  const { rejected } = await read(`title\n${table}"s5";5;50;0\n`, `${SEMICOLON}\n    skip_lines: 1`);
  expect(rejected.samples[0]).toMatchObject({ line: 4 });
  expect(rejected.samples[0]?.reason).toContain("the quote opens in line 4");
});

test.each([
  ["sep=;\n", ""],
  ["\uFEFFsep=;\r\n", ""],
  ['"sep=;"\n', ""],
])("skips a separator line that names the declared delimiter: %j", async (line) => {
  const { table, rejected, sources } = await read(line + TABLE, SEMICOLON);
  expect(table.supplierIds).toEqual(["s1", "s3", "s4"]);
  expect(rejected.samples).toMatchObject([{ line: 4 }]);
  expect(sources[0]?.notes).toEqual(["its first line names the delimiter (sep=) and was skipped"]);
});

test("reads UTF-16 with a separator line, as spreadsheet programs write it", async () => {
  const content = Buffer.from(`\uFEFFsep=\t\r\n${TABLE.replaceAll(";", "\t")}`, "utf16le");
  const { table } = await read(content, '\n    delimiter: "\\t"\n    encoding: utf-16');
  expect(table.supplierIds).toEqual(["s1", "s3", "s4"]);
});

test.each([
  [`sep=;\n${TABLE}`, "", /first line is "sep=;", which names its delimiter; set delimiter: ";" for this source/],
  [`sep=:\n${TABLE}`, "", /first line is "sep=:", .*a delimiter is one of "," ";"/],
  [`a\nb\n${TABLE}`, SEMICOLON, /its line 1 is "a", and line 3 has the column names; set skip_lines: 2/],
  [`# a\n${TABLE}`, SEMICOLON, /its line 1 is "# a", and line 2 has the column names; set skip_lines: 1/],
  [`a\nb\n${TABLE}`, `${SEMICOLON}\n    skip_lines: 1`, /its line 2 is "b", and line 3 has .* set skip_lines: 2/],
  [`a\nb\n${TABLE}`, `${SEMICOLON}\n    skip_lines: 3`, /skip_lines: 3 skips .*: line 3 has .* set skip_lines: 2 /],
  [`\uFEFF${TABLE}`, `${SEMICOLON}\n    skip_lines: 1`, /line 1 has the column names; set skip_lines: 0 for/],
  ["a\nb\n", `${SEMICOLON}\n    skip_lines: 2`, /it has nothing after the 2 lines that are skipped/],
  ["a\n", `${SEMICOLON}\n    skip_lines: 2`, /it has fewer lines than the 2 of skip_lines/],
  ["x".repeat(300_000), `${SEMICOLON}\n    skip_lines: 1`, /first 1 lines are longer than 262144 bytes/],
  ["sep=;\n", SEMICOLON, /it has nothing after the 1 line/],
])("unreadable leading lines %# are one error with the option to set", async (content, options, expected) => {
  await expect(read(content, options)).rejects.toThrow(expected);
});
