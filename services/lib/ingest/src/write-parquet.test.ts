import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { writeParquet } from "./write-parquet.ts";

test("numbers, texts and dates come back, missing ones as null, over many chunks", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "parquet-"));
  try {
    const rows = 5_000;
    const file = path.join(folder, "rows 'x'.parquet");
    await writeParquet(file, [
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
