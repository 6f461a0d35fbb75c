import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sqlText } from "../duckdb/quote-sql.ts";
import { readValueTable } from "./read-value-table.ts";

const file = join(tmpdir(), `bellwether-values-${process.pid}.parquet`);
let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
});
afterAll(async () => {
  instance.closeSync();
  await rm(file, { force: true });
});

/** Reads the first row of a Parquet file with these columns. */
async function read(columns: string) {
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'Asia/Tokyo'");
  await connection.run(`copy (select ${columns}) to ${sqlText(file)} (format parquet)`);
  connection.closeSync();
  const { header, records } = await readValueTable(file, await readFile(file));
  return Object.fromEntries(header.map((name, at) => [name, records[0]?.[at]]));
}

test("64-bit integers and decimals keep every digit", async () => {
  const columns =
    "9007199254740993::bigint as big, 18446744073709551615::ubigint as wide, 7::integer as small, 7.00::decimal(10,2) as whole, 1.50::decimal(10,2) as part";
  expect(await read(columns)).toEqual({
    big: "9007199254740993",
    wide: "18446744073709551615",
    small: 7,
    whole: "7",
    part: "1.50",
  });
});

test("dates are texts, times with a time zone are texts in UTC", async () => {
  const columns = "date '2024-03-01' as day, timestamptz '2024-03-01 00:00:00+02' as moment";
  expect(await read(columns)).toEqual({ day: "2024-03-01", moment: "2024-02-29 22:00:00+00" });
});

test("numbers, booleans, texts and missing values are unchanged", async () => {
  const columns = "0.5::double as number, true as flag, 'ü' as word, encode('ü') as bytes, null::bigint as nothing";
  expect(await read(columns)).toEqual({ number: 0.5, flag: 1, word: "ü", bytes: "ü", nothing: null });
});

test.each([
  ["'\\xFF'::blob as name", "column name has bytes that are not UTF-8; write it as text"],
  ["{'a': 1} as name", "column name is a STRUCT(a INTEGER), which is neither a number nor a text; leave it out"],
  ["[1, 2] as name", "column name is a INTEGER[], which is neither a number nor a text; leave it out"],
  ["interval 1 day as name", "column name is a INTERVAL, which is neither a number nor a text; leave it out"],
])("%s is an error", async (column, problem) => {
  await expect(read(column)).rejects.toThrow(problem);
});

test("a .jsonl file whose first line is not JSON is an error with the line, not a table without rows", async () => {
  const read = readValueTable("suppliers.jsonl", new TextEncoder().encode("oops\n"));
  await expect(read).rejects.toThrow("line 1 is not a JSON object");
});
