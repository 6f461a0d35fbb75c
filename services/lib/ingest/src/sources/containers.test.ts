import { deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { snapshotWeekly } from "../snapshot/weekly-snapshot.ts";
import { readTrainingTable } from "../training/training-table.ts";

const GOOD = "id,delay,amount,late\ns1,1,10,0\ns2,2,20,1\n";

const mappingOf = (file: string, more = "") => SMALL_MAPPING.replace("file: suppliers.csv", `file: ${file}${more}`);

/** The bytes of a zip archive with one file. */
function zipOf(name: string, content: string): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.write("PK\x03\x04", "latin1");
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(content.length, 22);
  local.writeUInt16LE(name.length, 26);
  return Buffer.concat([local, Buffer.from(name), packed]);
}

test.each([
  ["week.csv.gz", gzipSync(GOOD), []],
  ["week.csv.zst", zstdCompressSync(GOOD), []],
  ["week.csv", gzipSync(GOOD), ["it was read as gzip"]],
  ["week.csv", zstdCompressSync(GOOD), ["it was read as zstd"]],
  ["week.csv.gz", GOOD, ["it is not compressed, although its name says so"]],
  ["two.csv.gz", Buffer.concat([gzipSync(GOOD.slice(0, 30)), gzipSync(GOOD.slice(30))]), []],
  ["two.csv.zst", Buffer.concat([zstdCompressSync(GOOD.slice(0, 30)), zstdCompressSync(GOOD.slice(30))]), []],
])("reads %s by its content, and says where its name differs (%#)", async (file, content, notes) => {
  const { table, sources, rejected } = await readSmall({ [file]: content }, { mapping: mappingOf(file) });
  expect(table.supplierIds).toEqual(["s1", "s2"]);
  expect(rejected.count).toBe(0);
  expect(sources[0]).toMatchObject({ file, read: 2, notes });
});

test.each([
  [
    "a workbook",
    zipOf("[Content_Types].xml", "<x/>"),
    /it is an Excel workbook \(\.xlsx\); save the sheet as CSV UTF-8/,
  ],
  ["a zip archive", zipOf("week.csv", GOOD), /it is a zip archive; unpack it/],
  ["a workbook of the old form", Buffer.from("d0cf11e0a1b11ae1", "hex"), /old form \(\.xls\); save the sheet as CSV/],
  ["gzip in gzip", gzipSync(gzipSync(GOOD)), /it is gzip data in compressed data; compress it once/],
  ["cut gzip", gzipSync(GOOD).subarray(0, -9), /it is damaged or incomplete gzip data/],
  ["cut zstandard", zstdCompressSync(GOOD).subarray(0, -9), /it is damaged or incomplete zstandard data/],
  ["bzip2", Buffer.from("BZh91AY&SYxxxx"), /it is bzip2 data; unpack it, or pack it as gzip or zstandard/],
  ["Parquet", "PAR1\x15\x04", /it is Parquet; set format: parquet/],
  ["Avro", "Obj\x01\x04", /it is Avro; write the table as Parquet/],
  ["UTF-16 without a mark", Buffer.from(GOOD, "utf16le"), /it looks like utf-16; set encoding: utf-16/],
])("%s named .csv is one error that names it and the way out", async (_, content, message) => {
  await expect(readSmall({ "suppliers.csv": content })).rejects.toThrow(message);
});

test.each([
  ["CSV", GOOD, /it is not a Parquet file; it is text, perhaps CSV; set format: csv/],
  ["a workbook", zipOf("xl/workbook.xml", "<x/>"), /it is not a Parquet file; it is an Excel workbook/],
  ["gzip", gzipSync("PAR1"), /it is compressed as a whole; unpack it/],
  ["an empty file", "", /it is empty/],
])("%s declared as Parquet is one error that names it", async (_, content, message) => {
  const mapping = mappingOf("suppliers.csv", "\n    format: parquet");
  await expect(readSmall({ "suppliers.csv": content }, { mapping })).rejects.toThrow(message);
});

test("reads a folder of Spark: partitions are columns, marker files are ignored and listed", async () => {
  const part = (ids: string) => `id,delay,amount\n${ids}\n`;
  const mapping = mappingOf("deliveries")
    .replace("late: integer }", "late: integer, week: { type: text, header: iso week } }")
    .replace("display_name: id", "display_name: week");
  const { table, sources } = await readSmall(
    {
      "deliveries/_SUCCESS": "",
      "deliveries/iso week=2026-W46/late=1/part-00000.csv": part("s3,3,30\ns4,4,40"),
      "deliveries/iso%20week=2026-W47/late=0/part-00000.csv.gz": gzipSync(part("s1,1,10")),
      "deliveries/iso%20week=2026-W47/late=0/.part-00000.csv.gz.crc": "x",
      "deliveries/iso%20week=__HIVE_DEFAULT_PARTITION__/late=1/part-00000.csv": part("s2,2,20"),
    },
    { mapping },
  );
  expect(table.supplierIds).toEqual(["s1", "s2", "s3", "s4"]);
  expect(table.labels).toEqual(Uint8Array.of(0, 1, 1, 1));
  expect(sources.map(({ pathValues }) => pathValues)).toEqual([
    { "iso week": "2026-W46", late: "1" },
    { "iso week": "2026-W47", late: "0" },
    { "iso week": null, late: "1" },
  ]);
  expect(sources[0]?.notes).toEqual([
    "2 files are not data by their names and were ignored: deliveries/_SUCCESS, deliveries/iso%20week=2026-W47/late=0/.part-00000.csv.gz.crc",
  ]);
});

test("a part of a file name is a column; a file without it is an error", async () => {
  const mapping = mappingOf('"spend_{region}_?.csv"')
    .replace("late: integer }", "late: integer, region: text }")
    .replace("features: [delay, amount]", "features: { delay: length(region), amount: amount }");
  const files = {
    "spend_emea_1.csv": "id,delay,amount,late\ns1,1,10,0\n",
    "spend_us_1.csv": "id,delay,amount,late\ns2,1,10,1\n",
    "spend_.csv": "x",
  };
  const { table } = await readSmall(files, { mapping });
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(4, 2));
  const twice = mapping.replace("id: text,", "id: text, extra: { type: text, header: region },");
  await expect(readSmall(files, { mapping: twice })).resolves.toBeDefined();
});

test("the file's own column is used before one of its path, which is noted", async () => {
  const { table, sources } = await readSmall(
    { "late=1/suppliers.csv": GOOD },
    { mapping: mappingOf("late=1/suppliers.csv") },
  );
  expect(table.labels).toEqual(Uint8Array.of(0, 1));
  expect(sources[0]?.notes).toEqual(['column "late" is read from the file; "1" in its path is not used']);
});

test("an invalid value in a path rejects the rows of its file with the column", async () => {
  const files = { "late=x/suppliers.csv": "id,delay,amount\ns1,1,10\n" };
  await expect(readSmall(files, { mapping: mappingOf("late=x/suppliers.csv") })).rejects.toThrow(
    /line 2, column "late": "x" is not an integer/,
  );
});

test("Parquet files of Spark have their partitions as columns too", async () => {
  await using folder = await dataFolder({ "d/_SUCCESS": "", "d/late=0/.keep": "", "d/late=1/.keep": "" });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const late of [0, 1])
    await connection.run(
      `copy (select 's${late}' as id, 1.5 as delay, 10 as amount) to '${folder.path}/d/late=${late}/part-[0].snappy.parquet' (format parquet)`,
    );
  connection.closeSync();
  instance.closeSync();
  const pair = await smallPair({ mapping: mappingOf("d", "\n    format: parquet") });
  const { table, sources } = await readTrainingTable({ ...pair, dataDir: folder.path });
  expect(table.supplierIds).toEqual(["s0", "s1"]);
  expect(table.labels).toEqual(Uint8Array.of(0, 1));
  expect(sources[0]?.notes[0]).toMatch(/^3 files are not data by their names and were ignored/);
});

test("an optional column may be absent, which is noted; a required one may not", async () => {
  const files = { "suppliers.csv": "id,amount,late\ns1,10,0\ns2,20,1\n" };
  await expect(readSmall(files)).rejects.toThrow('it has no column "delay"');
  const mapping = SMALL_MAPPING.replace("delay: number", "delay: { type: number, optional: true }");
  const { table, sources } = await readSmall(files, { mapping });
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(Number.NaN, Number.NaN));
  expect(sources[0]?.notes).toEqual(['it has no column "delay", which is optional']);
});

test("a renamed column is named with the line that maps it", async () => {
  await expect(readSmall({ "suppliers.csv": "id,delay,annual_amount_usd,late\ns1,1,10,0\n" })).rejects.toThrow(
    'it has no column "amount"; it has "annual_amount_usd", whose name is similar: if it means the same, map it with amount: { header: annual_amount_usd, … }',
  );
  await expect(readSmall({ "suppliers.csv": "supplier;a\n1;2\n" })).rejects.toThrow(/set delimiter: ";"/);
  await expect(readSmall({ "suppliers.csv": "supplier,spend,quality\na,1,2\n" })).rejects.toThrow(
    "none of the columns of the mapping; its columns are supplier, spend, quality",
  );
});

test.each(["*.csv", "[a].csv", "a?.csv"])("%s is the name of one file and not a pattern", async (name) => {
  const other = GOOD.replace("s1,", "other,");
  await using folder = await dataFolder({ "a.csv": other, "ab.csv": other, [name]: GOOD });
  const mapping = SMALL_MAPPING.replace("region: text }", "region: { type: text, optional: true } }");
  const outParquet = `${folder.path}/out.parquet`;
  const task = { ...(await smallPair({ mapping })), input: `${folder.path}/${name}`, outParquet };
  expect(await snapshotWeekly(task)).toMatchObject({ rows: 2, sources: [{ read: 2 }] });
});

test("a Parquet file whose name is like a pattern is read alone", async () => {
  await using folder = await dataFolder({});
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  for (const name of ["a", "b", "*"])
    await connection.run(
      `copy (select '${name}' as id, 1.5 as delay, 10 as amount, 'EU' as region) to '${folder.path}/${name}.parquet' (format parquet)`,
    );
  connection.closeSync();
  instance.closeSync();
  const mapping = SMALL_MAPPING.replace("file: week.csv,", "file: week.parquet, format: parquet,");
  const task = { ...(await smallPair({ mapping })), input: `${folder.path}/*.parquet` };
  expect(await snapshotWeekly({ ...task, outParquet: `${folder.path}/out` })).toMatchObject({ rows: 1 });
});
