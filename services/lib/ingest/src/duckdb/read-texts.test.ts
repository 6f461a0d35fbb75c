import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder } from "../../test/mapping-fixture.ts";
import { sqlText } from "./quote-sql.ts";
import { readTexts } from "./read-texts.ts";

/** Texts of all lengths around the limit of an entry, in all widths of UTF-8, repeated and null. */
const TEXTS = `case i % 7
  when 0 then null
  when 1 then ''
  when 2 then 'exactly 12 b'
  when 3 then 'exactly 13 by'
  when 4 then 'Größe ' || i || ' 😀 ' || repeat('ß', i % 50)
  when 5 then 'one of a few long texts: ' || i % 3
  else repeat('text ' || i || ', ', i % 400) end`;

async function readBoth(sql: string) {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const result = await connection.stream(sql);
    const texts: (string | null)[] = [];
    const expected: (string | null)[] = [];
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const vector = chunk.getColumnVector(0);
      const half = chunk.rowCount >> 1;
      expect(readTexts(vector, texts, { from: 0, count: half })).toBe(true);
      expect(readTexts(vector, texts, { from: half, count: chunk.rowCount - half })).toBe(true);
      for (let row = 0; row < chunk.rowCount; row++) expected.push(vector.getItem(row) as string | null);
    }
    return { texts, expected };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test("texts are those of DuckDB's client: computed, and read from a file with and without a dictionary", async () => {
  await using folder = await dataFolder({});
  const computed = `select ${TEXTS} as text from range(10000) r(i)`;
  const { texts, expected } = await readBoth(computed);
  expect(texts).toHaveLength(10_000);
  expect(texts).toEqual(expected);
  for (const [name, sql] of [
    ["mixed", computed],
    ["few", `select 'one of a few long texts: ' || (i * 7) % 5 from range(10000) r(i)`],
    ["short", `select 'region ' || (i * 7) % 300 from range(10000) r(i)`],
    ["different", `select 'text number ' || i || repeat('.', i % 90) from range(10000) r(i)`],
  ] as const) {
    const file = sqlText(`${folder.path}/${name}.parquet`);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(`copy (${sql}) to ${file} (format parquet, row_group_size 4096)`);
    connection.closeSync();
    instance.closeSync();
    const read = await readBoth(`select * from read_parquet(${file})`);
    expect(read.texts).toHaveLength(10_000);
    expect(read.texts).toEqual(read.expected);
  }
});

test("a vector of another form is left to DuckDB's client", async () => {
  const texts: (string | null)[] = [];
  expect(readTexts({ items: ["a"] }, texts, { from: 0, count: 1 })).toBe(false);
  expect(texts).toEqual([]);
});
