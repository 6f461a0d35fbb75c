import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING } from "../../test/mapping-fixture.ts";

/**
 * Prints the days of `suppliers.csv` and `times.parquet` in a folder, as the type `day` and as cast by the
 * mapping's SQL.
 */
const SCRIPT = (fixture: string, table: string) => `
import { smallPair, SMALL_MAPPING } from ${JSON.stringify(fixture)};
import { readTrainingTable } from ${JSON.stringify(table)};
const columns = "{ id: text, delay: { header: seen, type: date, formats: ['%Y-%m-%d %H:%M%z'] }, amount: number, late: integer }";
const features = "features: { delay: \\"delay - date '2024-01-01'\\", amount: \\"date_diff('day', date '2024-01-01', (timestamptz '2024-01-01 23:30:00-02')::date)\\" }";
for (const [file, format] of [["suppliers.csv", "csv"], ["times.parquet", "parquet"]]) {
  const typed = format === "csv" ? columns : columns.replace(", formats: ['%Y-%m-%d %H:%M%z']", "");
  const mapping = SMALL_MAPPING.replace("{ id: text, delay: number, amount: number, late: integer }", typed)
    .replace("file: suppliers.csv", "file: " + file + "\\n    format: " + format)
    .replace("features: [delay, amount]", features);
  const { table } = await readTrainingTable({ ...(await smallPair({ mapping })), dataDir: process.argv[2] });
  console.log(JSON.stringify([[...table.numbers.get("delay")], [...table.numbers.get("amount")]]));
}`;

test("times with a time zone become the same UTC day on machines of every time zone", async () => {
  await using folder = await dataFolder({
    "suppliers.csv": "id,seen,amount,late\na,2024-01-01 23:30-0200,1,0\nb,2024-01-01 00:30+0200,1,1\n",
  });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `copy (select * from (values ('a', timestamptz '2024-01-01 23:30:00-02', 1, 0), ('b', timestamptz '2024-01-01 00:30:00+02', 1, 1))
     t(id, seen, amount, late)) to '${join(folder.path, "times.parquet")}' (format parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  const here = import.meta.dirname;
  const script = SCRIPT(join(here, "../../test/mapping-fixture.ts"), join(here, "../training/training-table.ts"));
  const run = promisify(execFile);
  for (const zone of ["Pacific/Kiritimati", "America/Los_Angeles"]) {
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script, "x", folder.path], {
      env: { TZ: zone },
      cwd: here,
    });
    expect(stdout.trim().split("\n")).toEqual(["[[1,-1],[1,1]]", "[[1,-1],[1,1]]"]);
  }
}, 60_000);

test("a two-digit year is a year from 1969 to 2068", async () => {
  const mapping = SMALL_MAPPING.replace("delay: number", "delay: { type: date, formats: ['%d.%m.%y'] }").replace(
    "features: [delay, amount]",
    "features: { delay: year(delay) - 2000, amount: amount }",
  );
  const { table } = await readSmall(
    { "suppliers.csv": "id,delay,amount,late\na,01.01.57,1,0\nb,01.01.68,1,1\nc,01.01.69,1,1\n" },
    { mapping },
  );
  expect(table.numbers.get("delay")).toEqual(Float64Array.of(57, 68, -31));
});
