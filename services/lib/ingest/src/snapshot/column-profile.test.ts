import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, SMALL_MODEL, smallPair } from "../../test/mapping-fixture.ts";
import type { InputProfile } from "./column-profile.ts";
import { snapshotWeekly } from "./weekly-snapshot.ts";

const MODEL = SMALL_MODEL.replace("target:", "  - { name: country, kind: category, missing: keep }\ntarget:").replace(
  "name: delay, kind: numeric,",
  "name: delay, kind: numeric, missing: keep,",
);
const MAPPING = SMALL_MAPPING.replaceAll("amount: number", "amount: number, country: text")
  .replaceAll("amount: number, country: text, late", "amount: number, country: text, late")
  .replaceAll("features: [delay, amount]", "features: [delay, amount, country]");
const HEADER = "id,delay,amount,country,region\n";

async function profile(...rows: readonly string[]): Promise<InputProfile> {
  await using folder = await dataFolder({ "week.csv": `${HEADER}${rows.join("\n")}\n` });
  const pair = await smallPair({ model: MODEL, mapping: MAPPING });
  const input = join(folder.path, "week.csv");
  return (await snapshotWeekly({ ...pair, input, outParquet: join(folder.path, "week.parquet") })).profile;
}

test("numbers have quantiles, missing rows, different values and the share of the median", async () => {
  const rows = Array.from({ length: 101 }, (_, i) => `s${i},${i < 20 ? "" : 7},${i},DE,North`);
  const { columns } = await profile(...rows);
  expect(columns.map(({ column }) => column)).toEqual([
    ...["delay", "amount", "country", "attributes.region", "attributes.category", "attributes.exposure"],
  ]);
  expect(columns[0]).toMatchObject({
    kind: "number",
    rows: 101,
    missing: 20,
    distinct: 1,
    topValue: "7.0",
    topRows: 81,
  });
  const [, amount] = columns;
  expect(amount).toMatchObject({ kind: "number", missing: 0, numbers: { min: 0, max: 100, mean: 50 } });
  expect(amount?.numbers?.median).toBeCloseTo(50, 0);
  expect(amount?.numbers?.p05).toBeCloseTo(5, 0);
  expect(amount?.numbers?.p95).toBeCloseTo(95, 0);
  expect(amount?.distinct).toBeGreaterThan(90);
});

test("categories have their most frequent value's share, and numbers in them are found", async () => {
  const { columns } = await profile("a,1,1,DE,1", "b,1,2,DE,2", "c,1,3,DE,2", "d,1,4,FR,3");
  expect(columns[2]).toMatchObject({
    column: "country",
    kind: "text",
    distinct: 2,
    topValue: "DE",
    topRows: 3,
    numbers: null,
  });
  expect(columns[3]).toMatchObject({
    column: "attributes.region",
    kind: "number",
    topValue: "2",
    topRows: 2,
    numbers: null,
  });
  expect(columns[4]).toEqual({
    ...{ column: "attributes.category", kind: "empty", rows: 4, missing: 4, distinct: 0 },
    ...{ topValue: "", topRows: 0, numbers: null },
  });
});

test("rows that a rule rejects are profiled, so that a wrong unit shows where it rejects nearly all rows", async () => {
  const rows = Array.from({ length: 100 }, (_, i) => `s${i},1,${i < 99 ? 5_000_000 + i : 7},DE,North`);
  const amount = (await profile(...rows)).columns[1];
  expect(amount?.rows).toBe(100);
  expect(amount?.numbers?.median).toBeGreaterThan(4_999_999);
});

test("the digest of the content does not depend on the order, and on every value", async () => {
  const rows = ["a,1,1,DE,North", "b,,2,,South"];
  const { contentDigest } = await profile(...rows);
  expect(contentDigest).toMatch(/^[0-9a-f]{32}$/);
  expect((await profile(...rows.toReversed())).contentDigest).toBe(contentDigest);
  expect((await profile("a,1,1,DE,North", "b,,2,,West")).contentDigest).not.toBe(contentDigest);
  expect((await profile("a,1,1,DE,North")).contentDigest).not.toBe(contentDigest);
});

test("a hostile column value is profiled as text", async () => {
  const { columns } = await profile(`a,1,1,"'; drop table x; --",North`, `b,1,2,"'; drop table x; --",North`);
  expect(columns[2]).toMatchObject({ topValue: "'; drop table x; --", distinct: 1, topRows: 2 });
});

test("a few different values are counted exactly, whatever they are", async () => {
  for (const many of [2, 5, 17, 32]) {
    const rows = Array.from({ length: 400 }, (_, i) => `s${i},${(i % many) * 3},${i},country ${i % many},${i % many}`);
    const { columns } = await profile(...rows);
    expect([columns[0]?.distinct, columns[2]?.distinct], `${many} values`).toEqual([many, many]);
  }
});

test("in a large file, the rows of a frequent value are counted exactly, and those of a rare one are not counted", async () => {
  const rows = Array.from(
    { length: 45_000 },
    (_, i) => `s${i},${i % 3 === 0 ? i : 7},${i},${i % 2 ? "DE" : "FR"},North`,
  );
  const [delay, amount, country] = (await profile(...rows)).columns;
  expect(delay).toMatchObject({ topValue: "7.0", topRows: 30_000, rows: 45_000 });
  expect(amount).toMatchObject({ topRows: 0, missing: 0 });
  expect(country).toMatchObject({ distinct: 2, topRows: 22_500 });
}, 60_000);
