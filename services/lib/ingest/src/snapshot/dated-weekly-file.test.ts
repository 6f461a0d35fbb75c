import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { snapshotWeekly, type WeeklyInput } from "./weekly-snapshot.ts";

const DATED = SMALL_MAPPING.replace("region: text }", "region: text, day: date }").replace(
  "    supplier_id: id\n    features",
  "    supplier_id: id\n    as_of: day\n    features",
);
const RUN = { week: "2026-W49", asOf: "2026-12-06" };

/** Maps a flat weekly file whose rows have dates; returns the snapshot and its rows [id, date, delay]. */
async function week(lines: readonly string[], mapping = DATED, more: Partial<WeeklyInput> = { run: RUN }) {
  await using folder = await dataFolder({ "week.csv": `id,delay,amount,region,day\n${lines.join("\n")}\n` });
  const outParquet = join(folder.path, "out.parquet");
  const input = join(folder.path, "week.csv");
  const snapshot = await snapshotWeekly({ ...(await smallPair({ mapping })), input, outParquet, ...more });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `select supplier_id, as_of::varchar, "number.delay" from '${outParquet}' order by all`,
  );
  connection.closeSync();
  instance.closeSync();
  const { rows: count, olderRows, laterRows, rejected, sources } = snapshot;
  // Every row that was read is accepted, rejected, older or later.
  expect(count + olderRows + (laterRows?.rows ?? 0) + rejected.count).toBe(sources[0]?.read);
  return { snapshot, rows: reader.getRowsJson() };
}

const TWO_DATES = ["s1,1,1,EU,2026-11-23", "s2,2,1,EU,2026-11-30", "s1,3,1,EU,2026-11-30", "s2,4,1,EU,2026-11-23"];

test("a flat file with several dates of a supplier gives its newest row up to the end of the week", async () => {
  const { snapshot, rows } = await week([...TWO_DATES, "s1,5,1,EU,2026-12-06", "s2,6,1,EU,2026-12-07"]);
  expect(rows).toEqual([
    ["s1", "2026-12-06", 5],
    ["s2", "2026-11-30", 2],
  ]);
  expect(snapshot).toMatchObject({ rows: 2, olderRows: 3, laterRows: { rows: 1, after: "2026-12-06" } });
  expect(snapshot).toMatchObject({ asOf: null, newestAsOf: "2026-12-06", rejected: { count: 0 } });
});

test("rows of a supplier with the same date are duplicates, and a row without a date is rejected", async () => {
  const { snapshot, rows } = await week([...TWO_DATES, "s1,3,1,EU,2026-11-30", "s2,9,1,EU,2026-11-30", "s3,1,1,EU,"]);
  expect(rows.map(([id, , delay]) => [id, delay])).toEqual([
    ["s1", 3],
    ["s2", 2],
  ]);
  expect(snapshot).toMatchObject({ olderRows: 2, laterRows: null, rejected: { count: 3, repeated: 1 } });
});

test("keep chooses among the rows of the newest date", async () => {
  const mapping = DATED.replace(
    "    supplier_id: id\n    as_of",
    "    keep: newest by amount\n    supplier_id: id\n    as_of",
  );
  const { snapshot, rows } = await week([...TWO_DATES, "s1,7,9,EU,2026-11-30"], mapping);
  expect(rows.map(([id, , delay]) => [id, delay])).toEqual([
    ["s1", 7],
    ["s2", 2],
  ]);
  expect(snapshot).toMatchObject({ olderRows: 3, rejected: { count: 0 } });
});

test("without a week the newest row of all is used, and with a snapshot date the rows have no dates of their own", async () => {
  expect((await week(TWO_DATES, DATED, {})).rows.map(([, day]) => day)).toEqual(["2026-11-30", "2026-11-30"]);
  const { snapshot } = await week(TWO_DATES, DATED, { asOf: "2026-12-06" });
  expect(snapshot).toMatchObject({ rows: 2, olderRows: 0, rejected: { count: 2 } });
});

test("later rows are counted also when the date is computed and fails for a row", async () => {
  const mapping = DATED.replace("as_of: day", "as_of: cast(region as date)");
  const { snapshot } = await week(["s1,1,1,2026-12-01,", "s2,1,1,EU,", "s3,1,1,2026-12-09,"], mapping);
  expect(snapshot).toMatchObject({ rows: 1, laterRows: { rows: 1 }, rejected: { count: 1 } });
});
