import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { readTrainingTable } from "../training/training-table.ts";

const HEADER = "id,delay,amount,late";
const row = (id: number | string) => `s${id},1,1,${id === 1 ? 1 : 0}`;

test("a row with a million values is one rejected row with its line", async () => {
  const wide = `s9,${"1,".repeat(999_998)}1`;
  const { table, rejected } = await readSmall({ "suppliers.csv": `${HEADER}\n${row(1)}\n${wide}\n${row(2)}\n` });
  expect(table.supplierIds).toEqual(["s1", "s2"]);
  expect(rejected.reasons).toMatchObject([{ reason: "more than 4 values", rows: 1 }]);
  expect(rejected.samples).toMatchObject([{ line: 3 }]);
});

test("a hundred thousand rows with values too many or too few are read as fast as others, all counted", async () => {
  const wide = `s9,${"1,".repeat(30)}1\n`.repeat(50_000);
  const short = "s9,1\n".repeat(50_000);
  const files = { "suppliers.csv": `${HEADER}\n${row(1)}\n${row(2)}\n${wide}${short}"s3" ,1,1,1\n` };
  const { table, rejected } = await readSmall(files, { limits: { maxRejectedShare: 1 } });
  expect(table.supplierIds).toEqual(["s1", "s2", "s3"]);
  expect(rejected.reasons).toMatchObject([
    { column: null, reason: "more than 4 values", rows: 50_000 },
    { column: "amount", reason: "fewer than 4 values", rows: 50_000 },
  ]);
  expect(rejected.samples.slice(0, 2)).toMatchObject([{ line: 4 }, { line: 5 }]);
});

test("a header with a million columns is one error", async () => {
  const names = Array.from({ length: 1_000_000 }, (_, i) => `c${i}`).join(",");
  await expect(readSmall({ "suppliers.csv": `${names}\n1\n` })).rejects.toThrow(
    /its first line does not end within 262144 bytes/,
  );
  const short = Array.from({ length: 2001 }, (_, i) => `c${i}`).join(",");
  await expect(readSmall({ "suppliers.csv": `${short}\n1\n` })).rejects.toThrow(
    /it has 2001 columns, more than the 2000 of INGEST_MAX_COLUMNS/,
  );
});

test("a cell of 10 MB, quoted or not, is one rejected row", async () => {
  for (const cell of ["x".repeat(10_000_000), `"${`${"x,".repeat(499)}\n`.repeat(10_000)}"`]) {
    const { table, rejected } = await readSmall(
      {
        "suppliers.csv.gz": gzipSync(`${HEADER}\n${row(1)}\n${cell},1,1,0\n${row(2)}\n${row(3)}\n`),
      },
      { mapping: SMALL_MAPPING.replace("suppliers.csv", "suppliers.csv.gz"), limits: { maxRejectedShare: 1 } },
    );
    expect(table.supplierIds).toEqual(["s1", "s2", "s3"]);
    expect(rejected.samples).toMatchObject([{ line: 3, reason: expect.stringContaining("longer than 2097152 bytes") }]);
  }
}, 60_000);

test("broken quotes in the middle of a million rows reject their lines only, all counted, with the line of the quote", async () => {
  const lines = Array.from({ length: 1_000_000 }, (_, i) => `s${i},1,1,0`);
  lines[500_000] = '"s500000,1,1,0';
  lines[500_003] = 's500003,1,"1"x,0';
  const { rejected, sources } = await readSmall(
    { "suppliers.csv": `${HEADER}\n${lines.join("\n")}\n` },
    {
      mapping: SMALL_MAPPING.replace(
        "label: select id as supplier_id, late from suppliers",
        "label: select 's1' as supplier_id, 0 as late",
      ),
      limits: { maxRejectedShare: 1 },
    },
  );
  expect(sources[0]?.read).toBe(1_000_000);
  expect((sources[0]?.rows ?? 0) + (sources[0]?.rejected ?? 0)).toBe(1_000_000);
  expect(rejected.samples[0]).toMatchObject({ line: 500_002, column: "id" });
}, 120_000);

test.each([
  ["nothing", "", /it is empty; a line with the column names is expected/],
  ["a byte order mark", "\uFEFF", /it is empty|it has no column/],
  ["line ends", "\n\n\n", /it is empty/],
  ["a header only", `${HEADER}\n`, /no training rows are left: suppliers\.csv: 0 rows/],
  ["UTF-16", Buffer.from(`\uFEFF${HEADER}\n${row(1)}\n`, "utf16le"), /set encoding: utf-16/],
])("a file with %s is one error", async (_, content, message) => {
  await expect(readSmall({ "suppliers.csv": content })).rejects.toThrow(message);
});

test("a Parquet file of another schema is one error with all differences", async () => {
  await using folder = await dataFolder({});
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `copy (select 's1' as id, [1, 2] as delay, 1 as amount_usd, date '2026-01-01' as late) to '${folder.path}/suppliers.parquet' (format parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", "file: suppliers.parquet\n    format: parquet");
  const read = async (text: string) =>
    readTrainingTable({ ...(await smallPair({ mapping: text })), dataDir: folder.path });
  await expect(read(mapping)).rejects.toThrow(
    'it has no column "amount"; it has "amount_usd", whose name is similar: if it means the same, map it with amount: { header: amount_usd, … }',
  );
  await expect(read(mapping.replace("amount: number", "amount: { type: number, header: amount_usd }"))).rejects.toThrow(
    'it has column "delay" of type INTEGER[], which cannot be read as number, column "late" of type DATE, which cannot be read as integer',
  );
});
