import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { SourceError } from "../ingest-errors.ts";
import { readTrainingTable } from "../training/training-table.ts";

const GOOD = "s1,1,10,0\ns2,2,20,1\ns3,3,30,0\n";

function csv(lines: string): Record<string, string> {
  return { "suppliers.csv": `id,delay,amount,late\n${lines}` };
}

function columns(text: string): string {
  return SMALL_MAPPING.replace("{ id: text, delay: number, amount: number, late: integer }", text);
}

test("reads a clean file with its columns in any order, and reports unknown columns", async () => {
  const { table, rejected, sources } = await readSmall({
    "suppliers.csv": "late,extra,amount,id,delay\n0,x,10,s1,1\n1,y,20,s2,\n",
  });
  expect(table.supplierIds).toEqual(["s1", "s2"]);
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(1, Number.NaN));
  expect(table.numbers.get("amount")).toEqual(Float64Array.of(10, 20));
  expect(table.labels).toEqual(Uint8Array.of(0, 1));
  expect(rejected).toEqual({
    count: 0,
    repeated: 0,
    byStage: { reading: 0, mapping: 0, validating: 0 },
    bySource: {},
    reasons: [],
    samples: [],
  });
  expect(sources[0]).toMatchObject({ file: "suppliers.csv", rows: 2, unreadColumns: ["extra"] });
});

test.each([
  ["text in a numeric column", "s9,See DN-304,1,0\n", "delay", "not a number", "See DN-304"],
  ["a number that is an infinity", "s9,1,1e999,0\n", "amount", "not a number", "1e999"],
  ["a number with underscores", "s9,1_000,1,0\n", "delay", "not a number", "1_000"],
  ["a broken integer", "s9,1,1,0.5\n", "late", "not an integer", "0.5"],
  ["too few values", "s9,1,1\n", "late", "fewer than 4 values", "s9,1,1"],
  ["too many values", "s9,1,1,0,0\n", null, "more than 4 values", "s9,1,1,0,0"],
  ["text after a closing quote", '"s9"x,1,1,0\n', "id", "a quote that is not closed, or text after", '"s9"x,1,1,0'],
])("%s rejects the row with line, column and reason", async (_, bad, column, reason, text) => {
  const { table, rejected } = await readSmall(csv(`s1,1,10,0\n${bad}${GOOD.replace("s1", "s4")}`));
  expect(table.supplierIds).toEqual(["s1", "s2", "s3", "s4"]);
  expect(rejected.count).toBe(1);
  expect(rejected.bySource).toEqual({ suppliers: 1 });
  expect(rejected.samples[0]).toMatchObject({ source: "suppliers", file: "suppliers.csv", line: 3, column });
  expect(rejected.samples[0]?.reason).toContain(reason);
  expect(rejected.samples[0]?.text).toContain(text);
});

test("the line of an invalid value includes the broken records before it", async () => {
  const { rejected } = await readSmall(csv(`s1,1,1,0\nshort\n${GOOD.replace("s1", "s8")}s9,x,1,0\n`));
  expect(rejected.samples.map((s) => [s.line, s.text])).toEqual([
    [3, "short"],
    [7, "x"],
  ]);
});

test("an open quote rejects the lines after it, all counted, with the line of the quote", async () => {
  const lines = Array.from({ length: 1000 }, (_, i) =>
    i === 400 ? `"s${i},1,1,0` : i === 450 ? `"s${i}",1,1,0` : `s${i},1,1,0`,
  );
  const { table, rejected, sources } = await readSmall(csv(`${lines.join("\n")}\n`));
  expect(table.rows).toBe(949);
  expect(sources[0]).toMatchObject({ read: 1000, rows: 949, rejected: 51 });
  expect(rejected.reasons).toEqual([
    {
      source: "suppliers",
      stage: "reading",
      column: "id",
      reason: "a quote that is not closed, or text after a closing quote",
      rows: 51,
    },
  ]);
  expect(rejected.samples).toHaveLength(1);
  expect(rejected.samples[0]).toMatchObject({ line: 402, column: "id" });
  expect(rejected.samples[0]?.reason).toContain("opens in line 402; 51 lines from 402 to 452 are rejected with it");
  expect(rejected.samples[0]?.text).toMatch(/^"s400,1,1,0\ns401/);
});

test("counts a line over the limit and one far over it", async () => {
  for (const size of [2.5 * 2 ** 20, 40 * 2 ** 20]) {
    const { table, rejected } = await readSmall(csv(`${GOOD}${"x".repeat(size)},1,1,0\ns5,1,1,0\n`));
    expect([table.rows, rejected.count]).toEqual([4, 1]);
  }
});

test("a file with mostly invalid rows is one error with the first reason", async () => {
  await expect(readSmall(csv("s1,x,1,0\ns2,y,1,0\ns3,1,1,0\n"))).rejects.toThrow(
    'source "suppliers", file "suppliers.csv": 2 of 3 rows would be rejected, more than the limit; the first: line 2, column "delay": "x" is not a number',
  );
  const tolerant = await readSmall(csv("s1,x,1,0\ns2,y,1,0\ns3,1,1,0\n"), { limits: { maxRejectedShare: 1 } });
  expect(tolerant.table.rows).toBe(1);
});

test.each([
  ["CRLF", (text: string) => text.replaceAll("\n", "\r\n")],
  ["CR", (text: string) => text.replaceAll("\n", "\r")],
  ["mixed", (text: string) => text.replace("\n", "\r\n")],
  ["a byte order mark", (text: string) => `\uFEFF${text}`],
  ["blank lines", (text: string) => text.replaceAll("\n", "\n\n")],
  ["no line end at the end", (text: string) => text.trimEnd()],
])("%s makes no difference", async (_, change) => {
  const { table, rejected } = await readSmall({ "suppliers.csv": change(`id,delay,amount,late\n${GOOD}`) });
  expect(table.supplierIds).toEqual(["s1", "s2", "s3"]);
  expect(table.numbers.get("amount")).toEqual(Float64Array.of(10, 20, 30));
  expect(rejected.count).toBe(0);
});

test("quoted values may contain delimiters, quotes, line ends and blank lines", async () => {
  const { table, rejected } = await readSmall(csv('"a, ""b""\r\n\r\nc",1,1,0\n"d\n\n\ne",2,2,1\n'));
  expect(table.supplierIds).toEqual(['a, "b"\r\n\r\nc', "d\n\n\ne"]);
  expect(rejected.count).toBe(0);
});

test("columns may have the temporary names of raw columns", async () => {
  const mapping = columns(
    "{ id: text, delay: { header: c1, type: number }, c1: { header: delay, type: number }, amount: number, late: integer }",
  );
  const { table } = await readSmall(
    { "suppliers.csv": "id,c1,amount,late,delay\ns1,1,2,0,3\ns2,4,5,1,6\n" },
    { mapping },
  );
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(1, 4));
});

test("gzip and several files of a pattern read as one table", async () => {
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", "file: part-*.csv.gz");
  const { table, sources, rejected } = await readSmall(
    {
      "part-1.csv.gz": gzipSync("id,delay,amount,late\ns1,1,1,0\ns2,2,2,1\n"),
      "part-2.csv.gz": gzipSync("late,id,delay,amount\n0,s3,bad,3\n0,s4,4,4\n1,s5,5,5\n"),
    },
    { mapping },
  );
  expect(table.supplierIds).toEqual(["s1", "s2", "s4", "s5"]);
  expect(sources.map((s) => [s.file, s.rows])).toEqual([
    ["part-1.csv.gz", 2],
    ["part-2.csv.gz", 2],
  ]);
  expect(rejected.samples).toMatchObject([{ file: "part-2.csv.gz", line: 2, column: "delay" }]);
});

test("rules make values null and are counted; values without a rule are still invalid", async () => {
  const mapping = columns(
    "{ id: { type: text, trim: true }, delay: { type: number, null_values: [Date Not Captured, n/a], null_patterns: ['See (DN|ASN)-[0-9]+.*'] }, amount: number, late: integer }",
  );
  const { table, rejected, sources } = await readSmall(
    csv(" s1 ,Date Not Captured,1,0\ns2, n/a ,1,0\ns3,See DN-304 (ID#:10589),1,1\ns4,Invoiced,1,0\ns5, 5 ,1,0\n"),
    { mapping },
  );
  expect(table.supplierIds).toEqual(["s1", "s2", "s3", "s5"]);
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(Number.NaN, Number.NaN, Number.NaN, 5));
  expect(sources[0]?.ruledNull).toEqual({ delay: 3 });
  expect(rejected.samples).toMatchObject([{ line: 5, column: "delay", text: "Invoiced" }]);
});

test("reads dates only in the declared forms", async () => {
  const mapping = columns(
    "{ id: text, delay: { header: due, type: date, formats: ['%d-%b-%y', '%m/%d/%y'] }, amount: number, late: integer }",
  ).replace("features: [delay, amount]", "features: { delay: \"delay - date '2006-06-01'\", amount: amount }");
  const { table, rejected } = await readSmall(
    {
      "suppliers.csv":
        "id,due,amount,late\na,02-Jun-06,1,0\nb,6/3/06,1,0\nc,2006-06-04,1,0\nd,31-Feb-06,1,0\ne,05-Jun-06,1,1\n",
    },
    { mapping },
  );
  expect(table.supplierIds).toEqual(["a", "b", "e"]);
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(1, 2, 4));
  expect(rejected.samples.map((s) => [s.line, s.reason])).toEqual([
    [4, "not a date like %d-%b-%y or %m/%d/%y; set formats: ['%d-%b-%y', '%m/%d/%y', '%Y-%m-%d']"],
    [5, "not a date like %d-%b-%y or %m/%d/%y"],
  ]);
});

test("reads another delimiter and a decimal comma", async () => {
  const mapping = SMALL_MAPPING.replace(
    "file: suppliers.csv",
    'file: suppliers.csv\n    delimiter: ";"\n    decimal: ","',
  );
  const { table, rejected } = await readSmall(
    { "suppliers.csv": "id;delay;amount;late\na;1,5;1000,25;0\nb;1.234;1;0\nc;1.234,5;1;0\nd;2;1;1\ne;3;1;0\n" },
    { mapping },
  );
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(1.5, 2, 3));
  expect(rejected.count).toBe(2);
});

test.each([
  ["", 'file "suppliers.csv": it is empty'],
  [
    "id,delai,amount,late\n",
    'it has no column "delay"; it has "delai", whose name is similar: if it means the same, map it with delay: { header: delai, … }',
  ],
  ["id\n", 'it has no column "delay", no column "amount", no column "late"'],
  [
    "id;delay;amount;late\na;1;2;0\n",
    /: its header is one column when split at ",", and contains ";"; set delimiter: ";" for [^,]*$/,
  ],
  ["id\tdelay\tamount\tlate\n", 'contains "\\t"; set delimiter: "\\t"'],
  ["id|delay|amount|late\n", 'contains "|"; set delimiter: "|"'],
  ["id,delay,amount,late,delay\n", 'it has column "delay" twice'],
  ["id,delay,amount,late\n", "no training rows are left: suppliers.csv: 0 rows"],
  ['"id,delay,amount,late\n1,2,3,4\n', "its header cannot be read: line 1, a quote that is not closed"],
  [Buffer.from("\uFEFFid,delay\n", "utf16le"), "it looks like utf-16; set encoding: utf-16"],
])("unreadable file %# is one clear error", async (content, expected) => {
  await expect(readSmall({ "suppliers.csv": content })).rejects.toThrow(expected);
});

test("reads Parquet columns by name and casts them, texts with the same rules as in CSV", async () => {
  await using folder = await dataFolder({});
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `copy (select * from (values (1::bigint, 's1', 10.5::float, '0'), (null, 's2', 2, '1'), (3, 's3', 3, 'x'), (4, 's4', 4, '0'))
     t(delay, id, amount, late)) to '${folder.path}/suppliers.parquet' (format parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", "file: suppliers.parquet\n    format: parquet");
  const { table, rejected } = await readTrainingTable({ ...(await smallPair({ mapping })), dataDir: folder.path });
  expect(table.supplierIds).toEqual(["s1", "s2", "s4"]);
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(1, Number.NaN, 4));
  expect(table.numbers.get("amount")).toEqual(Float64Array.of(10.5, 2, 4));
  expect(rejected.samples).toMatchObject([{ column: "late", reason: "not an integer", text: "x" }]);
});

test("rejects a file that is not Parquet although the mapping declares it", async () => {
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", "file: suppliers.csv\n    format: parquet");
  await expect(readSmall(csv(GOOD), { mapping })).rejects.toThrow(/not a Parquet file/);
  await expect(readSmall({ "suppliers.csv": "PAR1 but nothing else" }, { mapping })).rejects.toThrow(SourceError);
});

test.each([
  [
    "an HTML page",
    "<!DOCTYPE html>\n<html></html>\n",
    /first line is "<!DOCTYPE html>", which looks like an HTML page/,
  ],
  ["JSON", '[{"id":"s1"}]\n', /looks like JSON/],
])("%s instead of a table is one error with the first line", async (_, text, message) => {
  await expect(readSmall({ "suppliers.csv": text })).rejects.toThrow(message);
});

test("a first line without an end is an error before the rest is decompressed", async () => {
  // The gzip data is cut off far behind the limit: a reader that goes on reports damaged data instead.
  const packed = gzipSync(Buffer.alloc(64 * 2 ** 20, "a"));
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", "file: suppliers.csv.gz");
  const read = readSmall({ "suppliers.csv.gz": packed.subarray(0, packed.length - 8) }, { mapping });
  await expect(read).rejects.toThrow(/its first line does not end within 262144 bytes/);
});

test("a later line without an end is an error at 64 MiB", async () => {
  const packed = gzipSync(Buffer.concat([Buffer.from("id,delay,amount,late\n"), Buffer.alloc(96 * 2 ** 20, "a")]));
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", "file: suppliers.csv.gz");
  const read = readSmall({ "suppliers.csv.gz": packed.subarray(0, packed.length - 8) }, { mapping });
  await expect(read).rejects.toThrow(/one of its lines does not end within 67108864 bytes; at most 2097152 are read/);
});

test("when too many rows are rejected, the reason that rejected most is named, not the first line", async () => {
  const swallowed = Array.from({ length: 20 }, (_, i) => `s${i + 10},1,1,0\n`).join("");
  await expect(readSmall(csv(`s1,x,1,0\n"s2,1,1,0\n${swallowed}`))).rejects.toThrow(
    /the largest reason, with 21 rows: line 3, .*quote/,
  );
});
