import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { snapshotWeekly, type WeeklySnapshot } from "../snapshot/weekly-snapshot.ts";
import { readSourceDigest } from "../snapshot/weekly-source.ts";
import { readTrainingTable } from "../training/training-table.ts";
import { weeklyMapping } from "./weekly-mapping.ts";

/** Raw files: deliveries, and outcomes from which a step makes the label. */
const RAW = `version: 1
sources:
  deliveries:
    file: deliveries.csv
    columns: { id: text, delay: number, amount: number, late: integer }
  outcomes:
    file: outcomes.csv
    columns: { id: text, happened: integer }
steps:
  - name: totals
    sql: select id, avg(delay) as delay, sum(amount) as amount from deliveries group by id
  - name: known
    sql: select o.id, max(greatest(happened, late)) as late from outcomes o join deliveries using (id) group by o.id
rows:
  from: totals
  supplier_id: id
  features: [delay, amount]
label: select id as supplier_id, late from known
weekly:
  form: raw
`;
const DELIVERIES = "id,delay,amount,late\na,1,10,0\na,3,20,1\nb,5,30,0\n";
const WITHOUT_LATE = "id,delay,amount\na,1,10\na,3,20\nb,5,30\n";

async function readWeek(mapping: string, files: Readonly<Record<string, string>>): Promise<WeeklySnapshot> {
  await using folder = await dataFolder(files);
  const pair = await smallPair({ mapping });
  return await snapshotWeekly({ ...pair, input: folder.path, outParquet: join(folder.path, "out", "week.parquet") });
}

test("a weekly run needs neither the file nor the column that only the label reads, and has the same rows without them", async () => {
  const whole = await readWeek(RAW, { "deliveries.csv": DELIVERIES, "outcomes.csv": "id,happened\na,1\n" });
  const alone = await readWeek(RAW, { "deliveries.csv": WITHOUT_LATE });
  expect(alone).toMatchObject({ rows: 2, missing: [], rejected: { count: 0 } });
  expect(alone.digest).toBe(whole.digest);
  expect(alone.sources).toMatchObject([{ notes: ['it has no column "late", which only the label uses'] }]);
});

test("an unread column that looks like the missing one of the label is not a renamed column", async () => {
  const read = await readWeek(RAW, { "deliveries.csv": DELIVERIES.replace("late", "late_days") });
  expect(read).toMatchObject({ rows: 2, missing: [] });
});

test("a single file may be the input when the other files are only for the label", async () => {
  await using folder = await dataFolder({ "deliveries.csv": WITHOUT_LATE });
  const pair = await smallPair({ mapping: RAW });
  const input = join(folder.path, "deliveries.csv");
  const read = await snapshotWeekly({ ...pair, input, outParquet: join(folder.path, "out", "week.parquet") });
  expect(read.rows).toBe(2);
  expect(await readSourceDigest({ ...pair, input })).toBe(read.sources[0]?.digest);
});

test("training still needs both", async () => {
  await using folder = await dataFolder({ "deliveries.csv": WITHOUT_LATE, "outcomes.csv": "id,happened\na,1\n" });
  const pair = await smallPair({ mapping: RAW });
  await expect(readTrainingTable({ ...pair, dataDir: folder.path })).rejects.toThrow('it has no column "late"');
  await using alone = await dataFolder({ "deliveries.csv": DELIVERIES });
  await expect(readTrainingTable({ ...pair, dataDir: alone.path })).rejects.toThrow(/outcomes/);
});

test("a column that the features need is still required", async () => {
  await expect(readWeek(RAW, { "deliveries.csv": "id,amount,late\na,10,0\n" })).rejects.toThrow('no column "delay"');
});

test.each([
  ["select columns('.*') from deliveries", "reads columns by a pattern"],
  ["select * from deliveries natural join (select 'a' as id)", "joins by all columns"],
])("%s %s, so that each column stays required", async (sql) => {
  const { mapping } = await smallPair({
    mapping: RAW.replace("select id, avg(delay) as delay, sum(amount) as amount from deliveries group by id", sql),
  });
  const [deliveries] = weeklyMapping(mapping).sources;
  expect(deliveries?.columns.some(({ optional }) => optional)).toBe(false);
});

test("a table of which a subquery or the snapshot date is read is needed", async () => {
  const { mapping } = await smallPair({
    mapping: RAW.replace(
      "form: raw",
      'form: raw\n  snapshot: "select date \'2026-01-01\' from \\"OUTCOMES\\" limit 1"',
    ),
  });
  expect(weeklyMapping(mapping).sources.map(({ name }) => name)).toEqual(["deliveries", "outcomes"]);
});

test("a mapping of flat files stays as it is", async () => {
  const { mapping } = await smallPair({ mapping: SMALL_MAPPING });
  expect(weeklyMapping(mapping)).toBe(mapping);
});
