import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { readTrainingTable } from "../training/training-table.ts";

/**
 * Reads a Parquet file of `select` with the columns id, delay, amount and late; `columns` replaces their
 * types.
 */
async function read(select: string, columns = "{ id: text, delay: number, amount: number, late: integer }") {
  await using folder = await dataFolder({});
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`copy (${select}) to '${join(folder.path, "suppliers.parquet")}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
  const mapping = SMALL_MAPPING.replace("file: suppliers.csv", "file: suppliers.parquet\n    format: parquet").replace(
    "{ id: text, delay: number, amount: number, late: integer }",
    columns,
  );
  const limits = { maxRejectedShare: 1 };
  const result = await readTrainingTable({ ...(await smallPair({ mapping })), dataDir: folder.path, limits });
  const [source] = result.sources;
  expect(source?.read).toBe((source?.rows ?? 0) + (source?.rejected ?? 0));
  return { ...result, source, rejectedRows: result.rejected.samples.map((s) => [s.line, s.column, s.reason, s.text]) };
}

/** Rows (id, delay, amount, late) as a SELECT. */
const values = (...rows: string[]) =>
  `select * from (values ${rows.map((r) => `(${r})`).join(", ")}) t(id, delay, amount, late)`;

test("binary columns without a text annotation are UTF-8 text; other bytes are rejected with column and row", async () => {
  const { table, rejectedRows } = await read(
    values(
      "'M\\xC3\\xBCller'::blob, '1'::blob, 1, 0",
      "'\\xFF'::blob, '1'::blob, 1, 0",
      "'s3'::blob, '\\xFF'::blob, 1, 0",
      "'s4'::blob, '  '::blob, 1, 0",
    ),
  );
  expect(table.supplierIds).toEqual(["Müller", "s4"]);
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(1, Number.NaN));
  expect(rejectedRows).toEqual([
    [2, "id", "bytes that are not UTF-8", "\\xFF"],
    [3, "delay", "not a number", "\\xFF"],
  ]);
});

test.each([
  ["double", "7.0::double", "7"],
  ["float", "7.0::float", "7"],
  ["double at the limit", "9007199254740992::double", "9007199254740992"],
  ["negative double", "(-7)::double", "-7"],
  ["decimal", "7.00::decimal(10, 2)", "7"],
  ["decimal with a fraction", "7.50::decimal(10, 2)", "7.50"],
  ["bigint beyond 2^53", "9007199254740993::bigint", "9007199254740993"],
  ["uuid", "'6d3d4c3e-0000-4000-8000-000000000000'::uuid", "6d3d4c3e-0000-4000-8000-000000000000"],
])("an id stored as %s is written in the usual form", async (_, id, expected) => {
  expect((await read(values(`${id}, 1, 1, 0`))).table.supplierIds).toEqual([expected]);
});

test("rejects an id stored as a double that has a fraction or is beyond 2^53; NaN is a missing id", async () => {
  const { table, rejected, rejectedRows } = await read(
    values("7::double, 1, 1, 0", "1.5, 1, 1, 0", "9007199254740994, 1, 1, 0", "'inf', 1, 1, 0", "'nan', 1, 1, 0"),
  );
  expect(table.supplierIds).toEqual(["7"]);
  const reason = "stored as DOUBLE and not a whole number within 2^53, so that its text is not known";
  expect(rejectedRows.map(([line, column, why]) => [line, column, why])).toEqual([
    [2, "id", reason],
    [3, "id", reason],
    [4, "id", reason],
    [5, "supplier_id", "empty"],
  ]);
  expect(rejected.byStage).toEqual({ reading: 3, mapping: 1, validating: 0 });
});

test("a number that is the id in the mapping's SQL must be a whole number", async () => {
  const columns = "{ id: number, delay: number, amount: number, late: integer }";
  const { table, rejected } = await read(values("7::double, 1, 1, 0", "1.5, 1, 1, 0"), columns);
  expect(table.supplierIds).toEqual(["7"]);
  expect(rejected.samples[0]?.reason).toBe("not a whole number within 2^53; a numeric id must be one");
});

test("rejects a fraction as integer, and a number other than 0 and 1 as boolean", async () => {
  const integer = await read(values("'a', 1, 1, 0::double", "'b', 1, 1, 1.5", "'c', 1, 1, 1e30", "'d', 1, 1, 1"));
  expect(integer.table.supplierIds).toEqual(["a", "d"]);
  expect(integer.rejectedRows).toEqual([
    [2, "late", "not an integer; declare type: number", "1.5"],
    [3, "late", "not an integer; declare type: number", "1e+30"],
  ]);
  const decimal = await read(values("'a', 1, 1, 1.0::decimal(3, 1)", "'b', 1, 1, 1.5"));
  expect(decimal.table.supplierIds).toEqual(["a"]);
  const boolean = await read(
    values("'a', 1, 1, 0", "'b', 1, 1, 2", "'c', 1, 1, 1"),
    "{ id: text, delay: number, amount: number, late: boolean }",
  );
  expect(boolean.table.supplierIds).toEqual(["a", "c"]);
});

test("NaN is missing and counted, an infinity is rejected, and rules apply to numbers as to texts", async () => {
  const columns = "{ id: text, delay: { type: number, null_values: ['-999'] }, amount: number, late: integer }";
  const { table, source, rejectedRows } = await read(
    values("'a', 'nan'::double, 1::double, 0", "'b', -999, 'nan', 0", "'c', 3, 'inf', 1", "'d', 4, 4, 1"),
    columns,
  );
  expect(table.supplierIds).toEqual(["a", "b", "d"]);
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(Number.NaN, Number.NaN, 4));
  expect(table.numbers.get("amount")).toEqual(Float64Array.of(1, Number.NaN, 4));
  expect(source?.ruledNull).toEqual({ delay: 2, amount: 1 });
  expect(rejectedRows).toEqual([[3, "amount", "not a number", "inf"]]);
});

test.each([
  [
    "a struct as text",
    "{'a': 1}, 1, 1, 0",
    "text",
    /column "id" of type STRUCT\(a INTEGER\), which cannot be read as text/,
  ],
  ["a list as text", "[1, 2], 1, 1, 0", "text", /column "id" of type INTEGER\[\], which cannot be read as text/],
  ["a map as text", "map {'a': 1}, 1, 1, 0", "text", /column "id" of type MAP\(VARCHAR, INTEGER\)/],
  ["an interval as text", "interval 1 day, 1, 1, 0", "text", /column "id" of type INTERVAL/],
  ["a number as date", "1, 1, 1, 0", "date", /column "id" of type INTEGER, which cannot be read as date/],
  [
    "a date as number",
    "date '2024-01-01', 1, 1, 0",
    "number",
    /column "id" of type DATE, which cannot be read as number/,
  ],
  [
    "a double as boolean",
    "1.0::double, 1, 1, 0",
    "boolean",
    /column "id" of type DOUBLE, which cannot be read as boolean/,
  ],
])("%s is an error that names column and type", async (_, row, type, expected) => {
  await expect(read(values(row), `{ id: ${type}, delay: number, amount: number, late: integer }`)).rejects.toThrow(
    expected,
  );
});
