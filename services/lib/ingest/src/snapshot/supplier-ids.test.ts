import { join } from "node:path";
import { cleanId } from "@bellwether/contract/supplier-id";
import { expect, test } from "vitest";
import { dataFolder, readSmall, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { readChunks } from "./snapshot-chunks.ts";
import { snapshotWeekly } from "./weekly-snapshot.ts";

async function week(rows: string, mapping = SMALL_MAPPING) {
  await using folder = await dataFolder({ "week.csv": `id,delay,amount,region\n${rows}` });
  const outParquet = join(folder.path, "out.parquet");
  const snapshot = await snapshotWeekly({
    ...(await smallPair({ mapping })),
    input: join(folder.path, "week.csv"),
    outParquet,
  });
  const chunks = await Array.fromAsync(readChunks(outParquet));
  const read = snapshot.sources.reduce((sum, source) => sum + source.read, 0);
  expect(read).toBe(snapshot.rows + snapshot.rejected.count);
  expect(snapshot.rejected.reasons.reduce((sum, { rows: n }) => sum + n, 0)).toBe(snapshot.rejected.count);
  return { ...snapshot, ids: chunks.flatMap((chunk) => chunk.supplierIds) };
}

test.each([
  ["zero-width space", "S1\u200B"],
  ["zero-width non-joiner and joiner", "S\u200C1\u200D"],
  ["word joiner", "\u2060S1"],
  ["byte order mark", "S1\uFEFF"],
  ["soft hyphen", "S\u00AD1"],
  ["left-to-right mark", "\u200ES1\u200F"],
  ["embedding", "\u202AS1\u202C"],
  ["no-break space around", "\u00A0S1\u00A0"],
  ["ideographic space after", "S1\u3000"],
  ["tab and CR around", '"\tS1\r"'],
  ["blanks around", '"  S1 "'],
])("an id with %s becomes the id without it, and is counted", async (_, id) => {
  const { ids, cleanedIds, rejected } = await week(`${id},1,1,\nS2,1,1,\n`);
  expect(ids).toEqual(["S1", "S2"]);
  expect(cleanId(id.replaceAll('"', ""))).toBe("S1");
  expect(cleanedIds).toEqual({ rows: 1, duplicates: 0 });
  expect(rejected.count).toBe(0);
});

test("letters, inner blanks and multi-byte characters are unchanged", async () => {
  const { ids, cleanedIds } = await week("Müller & Söhne,1,1,\n日本,1,1,\n👩\u200D🔧,1,1,\n");
  expect(ids).toEqual(["Müller & Söhne", "日本", "👩🔧"]);
  expect(cleanedIds.rows).toBe(1);
});

test("an id of invisible characters only is empty", async () => {
  const { rejected } = await week("\u200B\uFEFF,1,1,\nS2,1,1,\n");
  expect(rejected.samples).toMatchObject([{ line: 2, column: "supplier_id", reason: "empty" }]);
});

test("rejects and counts duplicates that cleaning produces, identical rows separately from different ones", async () => {
  const { ids, rows, cleanedIds, rejected } = await week(
    "S1,1,1,A\nS1\u200B,2,1,A\nS2,1,1,B\nS2,1,1,B\nS2,1,9,B\nS3,1,1,\nS3\u200B,1,1,\nbad,x,1,\n",
  );
  expect(ids).toEqual(["S1", "S2", "S3"]);
  expect(rows).toBe(3);
  expect(cleanedIds).toEqual({ rows: 2, duplicates: 2 });
  expect(rejected).toMatchObject({ count: 5, byStage: { reading: 1, mapping: 4, validating: 0 } });
  expect(rejected.reasons).toEqual([
    { stage: "reading", source: "weekly", column: "delay", reason: "not a number", rows: 1 },
    {
      stage: "mapping",
      source: "rows",
      column: "supplier_id",
      reason: "a second row of the same supplier with the same values",
      rows: 1,
    },
    {
      stage: "mapping",
      source: "rows",
      column: "supplier_id",
      reason: "a second row of the same supplier with other values",
      rows: 3,
    },
  ]);
  expect(rejected.repeated).toBe(1);
});

test('rejects values outside a feature\'s range at the stage "validating"', async () => {
  const { rejected } = await week("S1,1,1,\nS2,999,1,\nS3,1,1,\n");
  expect(rejected).toMatchObject({ count: 1, byStage: { reading: 0, mapping: 0, validating: 1 } });
});

test("samples from several files name the file and the line", async () => {
  const mapping = SMALL_MAPPING.replace("file: week.csv", "file: week-*.csv");
  await using folder = await dataFolder({
    "week-1.csv": "id,delay,amount,region\nS1,1,1,\nS2,999,1,\n",
    "week-2.csv": 'id,delay,amount,region\nS3,1,1,"two\nlines"\nshort\nS4,999,1,\nS1,1,1,\n',
  });
  const { rejected } = await snapshotWeekly({
    ...(await smallPair({ mapping })),
    input: folder.path,
    outParquet: join(folder.path, "out.parquet"),
    limits: { maxRejectedShare: 1 },
  });
  expect(rejected.samples.map(({ file, line, column }) => [file, line, column])).toEqual([
    ["week-2.csv", 4, "delay"],
    ["week-1.csv", 3, "delay"],
    ["week-2.csv", 5, "delay"],
    ["week-2.csv", 6, "supplier_id"],
  ]);
});

const RAW_MAPPING = SMALL_MAPPING.replace(/weekly:[\s\S]*/, "weekly: { form: raw }\n");

test("a raw file whose rows are used directly counts cleaned duplicates, and its samples have file and line", async () => {
  const rows = "S1,1,1,0\nS1\u00A0,1,1,0\n,5,1,0\nS2,999,1,0\nS3,2,1,1\n";
  await using folder = await dataFolder({ "suppliers.csv": `id,delay,amount,late\n${rows}` });
  const { cleanedIds, rejected } = await snapshotWeekly({
    ...(await smallPair({ mapping: RAW_MAPPING })),
    input: folder.path,
    outParquet: join(folder.path, "out.parquet"),
    limits: { maxRejectedShare: 1 },
  });
  expect(cleanedIds).toEqual({ rows: 1, duplicates: 1 });
  expect(rejected.samples.map(({ file, line, column, text }) => [file, line, column, text])).toEqual([
    ["suppliers.csv", 3, "supplier_id", "S1"],
    ["suppliers.csv", 4, "supplier_id", "nothing"],
    ["suppliers.csv", 5, "delay", "S2: 999.0"],
  ]);
  const trained = await readSmall({ "suppliers.csv": "id,delay,amount,late\nS1,1,1,0\nS2,999,1,0\nS3,2,1,1\n" });
  expect(trained.rejected.samples).toMatchObject([{ file: "suppliers.csv", line: 3, column: "delay" }]);
});

test("training cleans the ids of all sources and of the label, so that the mapping's SQL can join them", async () => {
  const mapping = SMALL_MAPPING.replace(
    "rows:\n  from: suppliers",
    `  more:
    file: more.csv
    columns: { id: text, extra: number }
steps:
  - name: joined
    sql: select s.id, s.delay, s.late, m.extra as amount from suppliers s join more m using (id)
rows:
  from: joined`,
  ).replace("label: select id as", "label: select '\u200B' || id || ' ' as");
  const { table, cleanedIds, rejected } = await readSmall(
    { "suppliers.csv": "id,delay,amount,late\nS1\u200B,1,0,0\nS2,2,0,1\n", "more.csv": "id,extra\nS1,5\nS2\u00A0,6\n" },
    { mapping },
  );
  expect(table.supplierIds).toEqual(["S1", "S2"]);
  expect(table.numbers.get("amount")).toEqual(Float64Array.of(5, 6));
  expect(cleanedIds.rows).toBe(2);
  expect(rejected.count).toBe(0);
});

test("rejects rows without a date and counts later ones", async () => {
  const mapping = SMALL_MAPPING.replace("id: text, delay", "id: text, day: date, delay")
    .replace("supplier_id: id\n  features", "supplier_id: id\n  as_of: day\n  features")
    .replace("select id as supplier_id, late", "select id as supplier_id, day as as_of, late")
    .replace(/weekly:[\s\S]*/, "weekly: { form: raw }\n");
  await using folder = await dataFolder({
    "suppliers.csv": "id,day,delay,amount,late\na,2012-01-01,1,1,0\na,2013-01-01,2,1,0\na,,3,1,0\nb,2011-01-01,3,1,0\n",
  });
  const pair = await smallPair({ mapping });
  const snapshot = await snapshotWeekly({
    ...pair,
    input: folder.path,
    outParquet: join(folder.path, "w.parquet"),
    asOf: "2012-06-30",
  });
  expect(snapshot).toMatchObject({ rows: 2, laterRows: { rows: 1, after: "2012-06-30" }, rejected: { count: 1 } });
  expect(snapshot.rejected.samples).toMatchObject([{ column: "as_of", reason: "no date" }]);
});
