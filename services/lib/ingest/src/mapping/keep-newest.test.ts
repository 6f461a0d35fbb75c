import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { snapshotWeekly } from "../snapshot/weekly-snapshot.ts";

const HEADER = "id,delay,amount,region,changed_on";
const WEEKLY = SMALL_MAPPING.replace("region: text }", "region: text, changed_on: date }");
const KEEP = WEEKLY.replace(
  "  rows:\n    supplier_id: id",
  "  rows:\n    keep: newest by changed_on\n    supplier_id: id",
);

/** Maps a weekly file; returns the snapshot and its rows [id, delay]. */
async function week(lines: readonly string[], mapping: string) {
  await using folder = await dataFolder({ "week.csv": `${HEADER}\n${lines.join("\n")}\n` });
  const outParquet = join(folder.path, "out.parquet");
  const pair = await smallPair({ mapping });
  const snapshot = await snapshotWeekly({ ...pair, input: join(folder.path, "week.csv"), outParquet });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`select supplier_id, "number.delay" from '${outParquet}'`);
  const described = await connection.runAndReadAll(`describe select * from '${outParquet}'`);
  connection.closeSync();
  instance.closeSync();
  const columns = described.getRowsJson().map(([name]) => String(name));
  return { snapshot, rows: reader.getRowsJson(), columns };
}

const ROWS = ["s1,1,10,EU,2026-01-01", "s2,2,20,EU,2026-01-01", "s1,3,30,EU,2026-02-01", "s1,4,40,EU,", "s3,5,50,EU,"];

test("keep: newest by COLUMN keeps the newest row of each supplier and counts the older ones apart", async () => {
  const { snapshot, rows, columns } = await week(ROWS, KEEP);
  expect(rows).toEqual([
    ["s2", 2],
    ["s1", 3],
    ["s3", 5],
  ]);
  expect(snapshot).toMatchObject({ rows: 3, olderRows: 2, rejected: { count: 0 } });
  expect(snapshot.sources[0]?.read).toBe(snapshot.rows + snapshot.olderRows);
  expect(columns.filter((name) => name.startsWith("~"))).toEqual([]);
});

test("rows of the same age are duplicates as without keep, and the sample says so", async () => {
  const { snapshot, rows } = await week([...ROWS, "s1,9,30,US,2026-02-01", "s2,2,20,EU,2026-01-01"], KEEP);
  expect(rows).toHaveLength(3);
  expect(snapshot).toMatchObject({ olderRows: 2, rejected: { count: 2, repeated: 1 } });
  expect(snapshot.rejected.samples.map(({ line, reason }) => [line, reason])).toEqual([
    [
      7,
      'a second row of the same supplier with other values; line 4 was kept; delay is "9.0", not "3.0", region is "US", not "EU"; both have the same changed_on',
    ],
    [8, "a second row of the same supplier with the same values; line 3 was kept"],
  ]);
});

test("the newest row decides also when it breaks a rule: an older one is not used in its place", async () => {
  const { snapshot, rows } = await week(["s1,1,10,EU,2026-01-01", "s1,999,10,EU,2026-02-01", "s2,1,1,EU,"], KEEP);
  expect(rows).toEqual([["s2", 1]]);
  expect(snapshot).toMatchObject({ olderRows: 1, rejected: { count: 1, samples: [{ line: 3, column: "delay" }] } });
});

test("without keep the first row is kept; conflicting rows are counted apart from identical ones, with both lines", async () => {
  const { snapshot, rows } = await week(["s1,1,10,EU,", "s2,2,20,EU,", "s1,1,10,EU,", "s2,2,25,US,"], WEEKLY);
  expect(rows).toEqual([
    ["s1", 1],
    ["s2", 2],
  ]);
  expect(snapshot.rejected).toMatchObject({ count: 2, repeated: 1 });
  expect(snapshot.rejected.reasons.map(({ reason, rows: count }) => [reason, count])).toEqual([
    ["a second row of the same supplier with the same values", 1],
    ["a second row of the same supplier with other values", 1],
  ]);
  expect(snapshot.rejected.samples.map(({ line, reason }) => [line, reason])).toEqual([
    [4, "a second row of the same supplier with the same values; line 2 was kept"],
    [
      5,
      'a second row of the same supplier with other values; line 3 was kept; amount is "25.0", not "20.0", region is "US", not "EU", exposure is "50.0", not "40.0"; keep: newest by COLUMN under rows chooses the newest row',
    ],
  ]);
});

test("keep works in training for each supplier and date, and names a column that does not exist", async () => {
  const mapping = SMALL_MAPPING.replace(
    "rows:\n  from: suppliers",
    "rows:\n  keep: newest by amount\n  from: suppliers",
  ).replace(
    "select id as supplier_id, late from suppliers",
    "select id as supplier_id, max(late) as late from suppliers group by id",
  );
  const files = { "suppliers.csv": "id,delay,amount,late\ns1,1,10,0\ns1,2,20,0\ns2,3,30,1\n" };
  const { table, olderRows, unlabelled } = await readSmall(files, { mapping });
  expect([table.supplierIds, table.numbers.get("delay"), olderRows, unlabelled]).toEqual([
    ["s1", "s2"],
    Float64Array.of(2, 3),
    1,
    0,
  ]);
  const wrong = mapping.replace("newest by amount", "newest by day");
  await expect(readSmall(files, { mapping: wrong })).rejects.toThrow(/mapping, rows\.keep: .*day/);
});
