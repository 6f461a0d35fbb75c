import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { writeTable } from "./write-table.ts";

test("reads back numbers, texts and dates, missing ones as null, over many chunks", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "parquet-"));
  try {
    const rows = 5_000;
    const file = path.join(folder, "rows 'x'.parquet");
    await writeTable(file, [
      {
        name: 'a "number"',
        type: "number",
        values: Float64Array.from({ length: rows }, (_, i) => (i === 1 ? Number.NaN : i / 4)),
      },
      { name: "text", type: "text", values: Array.from({ length: rows }, (_, i) => (i === 2 ? null : `ü${i}`)) },
      { name: "day", type: "date", values: Int32Array.from({ length: rows }, (_, i) => i) },
    ]);
    expect(await readdir(folder)).toEqual(["rows 'x'.parquet"]);
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const from = `'${file.replaceAll("'", "''")}'`;
    const all = (
      await connection.runAndReadAll(
        `select count(*), sum("a ""number"""), count(text), max(day)::varchar from ${from}`,
      )
    ).getRowsJson();
    const sum = (rows * (rows - 1)) / 8 - 0.25;
    expect(all).toEqual([[String(rows), sum, String(rows - 1), "1983-09-09"]]);
    const few = (await connection.runAndReadAll(`select "a ""number""", text from ${from} limit 3`)).getRowsJson();
    expect(few).toEqual([
      [0, "ü0"],
      [null, "ü1"],
      [0.5, null],
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a name that ends in .csv writes CSV with a header, an unknown ending is an error", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "csv-"));
  try {
    const columns = [
      { name: "id", type: "text" as const, values: ['a,"b"', null] },
      { name: "score", type: "number" as const, values: [0.25, Number.NaN] },
      { name: "count", type: "whole" as const, values: [3, Number.NaN] },
    ];
    await writeTable(path.join(folder, "scores.csv"), columns);
    expect(await readFile(path.join(folder, "scores.csv"), "utf8")).toBe('id,score,count\n"a,""b""",0.25,3\n,,\n');
    await expect(writeTable(path.join(folder, "scores.xlsx"), columns)).rejects.toThrow(".parquet or .csv");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
