import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, SMALL_MODEL, smallPair } from "../../test/mapping-fixture.ts";
import { readChunks, readFeatures, type SnapshotChunk, snapshotShape } from "./snapshot-chunks.ts";
import { snapshotWeekly } from "./weekly-snapshot.ts";

const WEEK =
  "id,delay,amount,region\ns2,2,20,North\ns1,,10,\nbad,x,1,South\nfar,999,1,South\ns2,3,1,South\ns3,-5,0,South\n";

async function chunksOf(path: string, options = {}): Promise<SnapshotChunk[]> {
  return await Array.fromAsync(readChunks(path, options));
}

test("a flat file becomes a snapshot in its order, with invalid rows rejected at their line", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const pair = await smallPair();
  const outParquet = join(folder.path, "out", "week.parquet");
  const snapshot = await snapshotWeekly({ ...pair, input: join(folder.path, "week.csv"), outParquet });
  expect(snapshot).toMatchObject({
    rows: 3,
    asOf: null,
    newestAsOf: null,
    rejected: { count: 3, bySource: { weekly: 1, rows: 2 } },
  });
  expect(snapshot.rejected.samples.map((s) => [s.source, s.file, s.line, s.column, s.reason])).toEqual([
    ["weekly", "week.csv", 4, "delay", "not a number"],
    ["rows", "week.csv", 5, "delay", "outside the physical range -365 to 365"],
    [
      ...["rows", "week.csv", 6, "supplier_id"],
      'a second row of the same supplier with other values; line 2 was kept; delay is "3.0", not "2.0", amount is "1.0", not "20.0", region is "South", not "North" and 1 more column; keep: newest by COLUMN under rows chooses the newest row',
    ],
  ]);
  expect(snapshot.digest).toBe(
    createHash("sha256")
      .update(await readFile(outParquet))
      .digest("hex"),
  );
  expect(await readdir(join(folder.path, "out"))).toEqual(["week.parquet"]);

  const [chunk, ...rest] = await chunksOf(outParquet);
  expect(rest).toEqual([]);
  expect(chunk).toEqual({
    index: 0,
    rows: 3,
    supplierIds: ["s2", "s1", "s3"],
    asOfDays: null,
    numbers: new Map([
      ["delay", Float64Array.of(2, Number.NaN, -5)],
      ["amount", Float64Array.of(20, 10, 0)],
    ]),
    categories: new Map(),
    texts: null,
    attributes: {
      displayName: ["S2", "S1", "S3"],
      region: ["North", null, "South"],
      category: [null, null, null],
      exposure: Float64Array.of(40, 20, 0),
      owner: [null, null, null],
    },
  });
});

test("the same input makes the same bytes, and a folder can be passed instead of the file that the mapping names", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const pair = await smallPair();
  const first = await snapshotWeekly({ ...pair, input: folder.path, outParquet: join(folder.path, "a.parquet") });
  const second = await snapshotWeekly({
    ...pair,
    input: folder.path,
    outParquet: join(folder.path, "b.parquet"),
    limits: { threads: 1 },
  });
  expect(second.digest).toBe(first.digest);
});

test("chunks have the requested size, and reading can resume at each of them", async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => `s${i},${i % 365},${i},r${i % 7}`);
  await using folder = await dataFolder({ "week.csv": `id,delay,amount,region\n${rows.join("\n")}\n` });
  const outParquet = join(folder.path, "week.parquet");
  await snapshotWeekly({ ...(await smallPair()), input: join(folder.path, "week.csv"), outParquet });
  expect(await snapshotShape(outParquet)).toEqual({
    rows: 10_000,
    numbers: ["delay", "amount"],
    categories: [],
    text: null,
    hasAsOf: false,
  });
  const all = await chunksOf(outParquet);
  expect(all.map((c) => [c.index, c.rows])).toEqual([
    [0, 4096],
    [1, 4096],
    [2, 1808],
  ]);
  expect(all.flatMap((c) => c.supplierIds)).toEqual(rows.map((_, i) => `s${i}`));
  expect(all.flatMap((c) => [...(c.numbers.get("amount") ?? [])])).toEqual(rows.map((_, i) => i));
  expect(await chunksOf(outParquet, { from: 1 })).toEqual(all.slice(1));
  expect(await chunksOf(outParquet, { from: 3 })).toEqual([]);
  const odd = await chunksOf(outParquet, { from: 2, rows: 999 });
  expect(odd[0]?.supplierIds[0]).toBe("s1998");
  expect(odd).toHaveLength(9);
});

test("reading only the features returns those of the chunks", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const outParquet = join(folder.path, "week.parquet");
  await snapshotWeekly({ ...(await smallPair()), input: folder.path, outParquet });
  const features = await Array.fromAsync(readFeatures(outParquet, { rows: 2 }));
  const whole = await chunksOf(outParquet, { rows: 2 });
  expect(features).toEqual(whole.map(({ rows, numbers, categories }) => ({ rows, numbers, categories })));
  expect(features.length).toBeGreaterThan(1);
});

test("a reader that stops early leaves no file open", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const outParquet = join(folder.path, "week.parquet");
  await snapshotWeekly({ ...(await smallPair()), input: folder.path, outParquet });
  for await (const chunk of readChunks(outParquet, { rows: 1 })) if (chunk.index === 1) break;
  await expect(chunksOf(outParquet, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});

test("a failed run does not change the older snapshot", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const pair = await smallPair();
  const outParquet = join(folder.path, "out", "week.parquet");
  const { digest } = await snapshotWeekly({ ...pair, input: folder.path, outParquet });
  await writeFile(join(folder.path, "week.csv"), "id,amount\n");
  await expect(snapshotWeekly({ ...pair, input: folder.path, outParquet })).rejects.toThrow(/no column "delay"/);
  expect(
    createHash("sha256")
      .update(await readFile(outParquet))
      .digest("hex"),
  ).toBe(digest);
  expect(await readdir(join(folder.path, "out"))).toEqual(["week.parquet"]);
});

test("a file with only a header makes a snapshot without rows", async () => {
  await using folder = await dataFolder({ "week.csv": "id,delay,amount,region\n" });
  const outParquet = join(folder.path, "week.parquet");
  expect(await snapshotWeekly({ ...(await smallPair()), input: folder.path, outParquet })).toMatchObject({ rows: 0 });
  expect(await chunksOf(outParquet)).toEqual([]);
});

test("raw sources are mapped by the training steps at the snapshot date", async () => {
  const mapping = `version: 1
sources:
  events:
    file: events.csv
    columns: { id: text, day: date, delay: number }
snapshots: { every: month, from: 2020-01-01, to: 2020-03-01 }
steps:
  - name: history
    sql: |
      select s.as_of, e.id, avg(e.delay) as delay, count(*) as amount
      from snapshots s join events e on e.day < s.as_of group by s.as_of, e.id
rows: { from: history, supplier_id: id, as_of: as_of, features: [delay, amount] }
label: select id as supplier_id, as_of, 0 as late from history
weekly: { form: raw, snapshot: select max(day) from events }
`;
  await using folder = await dataFolder({
    "events.csv": "id,day,delay\na,2020-01-05,1\na,2020-02-05,3\nb,2020-02-06,7\n",
  });
  const task = { ...(await smallPair({ mapping })), outParquet: join(folder.path, "w.parquet") };
  const given = await snapshotWeekly({ ...task, input: join(folder.path, "events.csv"), asOf: "2020-03-01" });
  expect(given).toMatchObject({ rows: 2, asOf: "2020-03-01" });
  const [chunk] = await chunksOf(given.path);
  const byId = chunk?.supplierIds.map((id, i) => [id, chunk.numbers.get("delay")?.[i], chunk.asOfDays?.[i]]);
  expect(byId?.sort()).toEqual([
    ["a", 2, 18322],
    ["b", 7, 18322],
  ]);
  const own = await snapshotWeekly({ ...task, input: folder.path });
  expect(own).toMatchObject({ rows: 1, asOf: "2020-02-06", newestAsOf: "2020-02-06" });
  await expect(snapshotWeekly({ ...task, input: folder.path, asOf: "06.02.2020" })).rejects.toThrow(
    /not a date YYYY-MM-DD/,
  );
});

test("raw rows with their own dates are reduced to each supplier's newest", async () => {
  const model = SMALL_MODEL;
  const mapping = SMALL_MAPPING.replace("id: text, delay", "id: text, day: date, delay")
    .replace("supplier_id: id\n  features", "supplier_id: id\n  as_of: day\n  features")
    .replace("select id as supplier_id, late", "select id as supplier_id, day as as_of, late")
    .replace(/weekly:[\s\S]*/, "weekly: { form: raw }\n");
  await using folder = await dataFolder({
    "suppliers.csv": "id,day,delay,amount,late\na,2012-01-01,1,1,0\na,2013-01-01,2,1,0\nb,2011-01-01,3,1,0\n",
  });
  const task = {
    ...(await smallPair({ model, mapping })),
    input: folder.path,
    outParquet: join(folder.path, "w.parquet"),
  };
  const delays = async () => [...((await chunksOf(task.outParquet))[0]?.numbers.get("delay") ?? [])].sort();
  await snapshotWeekly(task);
  expect(await delays()).toEqual([2, 3]);
  await snapshotWeekly({ ...task, asOf: "2012-06-30" });
  expect(await delays()).toEqual([1, 3]);
});

test("raw rows of the same supplier and date are duplicates, in whatever order; only rows with an older date are left out", async () => {
  const mapping = SMALL_MAPPING.replace("id: text, delay", "id: text, day: date, delay")
    .replace("supplier_id: id\n  features", "supplier_id: id\n  as_of: day\n  features")
    .replace("select id as supplier_id, late", "select id as supplier_id, day as as_of, late")
    .replace(/weekly:[\s\S]*/, "weekly: { form: raw }\n");
  const lines = [
    "a,2013-01-01,2,1,0",
    "a,2013-01-01,9,1,0",
    "a,2012-01-01,1,1,0",
    "b,2013-01-01,3,1,0",
    "b,2013-01-01,3,1,0",
  ];
  for (const order of [lines, lines.toReversed()]) {
    await using folder = await dataFolder({ "suppliers.csv": `id,day,delay,amount,late\n${order.join("\n")}\n` });
    const outParquet = join(folder.path, "w.parquet");
    const { rows, olderRows, rejected } = await snapshotWeekly({
      ...(await smallPair({ mapping })),
      input: folder.path,
      outParquet,
    });
    expect({ rows, olderRows }).toEqual({ rows: 2, olderRows: 1 });
    expect(rejected).toMatchObject({ count: 2, repeated: 1 });
    expect(rejected.reasons.map(({ reason }) => reason).sort()).toEqual([
      "a second row of the same supplier and date with other values",
      "a second row of the same supplier and date with the same values",
    ]);
  }
});

test("rejects a mapping without a weekly form and a file that is not a snapshot", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const pair = await smallPair({ mapping: SMALL_MAPPING.replace(/weekly:[\s\S]*/, "") });
  const outParquet = join(folder.path, "w.parquet");
  await expect(snapshotWeekly({ ...pair, input: folder.path, outParquet })).rejects.toThrow(
    /the mapping has no weekly form/,
  );
  await expect(chunksOf(join(folder.path, "week.csv"))).rejects.toThrow();
});
