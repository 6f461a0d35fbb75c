import { createHash } from "node:crypto";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { snapshotWeekly } from "./weekly-snapshot.ts";
import { readSourceDigest, sourceDigest } from "./weekly-source.ts";

const WEEK = "id,delay,amount,region\ns1,2,20,North\ns2,3,10,South\n";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("the digest of a file is that of its bytes, under any name and also through its folder", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const { mapping } = await smallPair();
  const other = join(folder.path, "other.csv");
  await copyFile(join(folder.path, "week.csv"), other);
  expect(await readSourceDigest({ mapping, input: join(folder.path, "week.csv") })).toBe(sha256(WEEK));
  expect(await readSourceDigest({ mapping, input: other })).toBe(sha256(WEEK));
  expect(await readSourceDigest({ mapping, input: folder.path })).toBe(sha256(WEEK));
  await writeFile(other, `${WEEK}s3,1,1,North\n`);
  expect(await readSourceDigest({ mapping, input: other })).not.toBe(sha256(WEEK));
});

test("the sources in a snapshot's report have the same digest", async () => {
  await using folder = await dataFolder({ "week.csv": WEEK });
  const pair = await smallPair();
  const { sources } = await snapshotWeekly({ ...pair, input: folder.path, outParquet: join(folder.path, "a.parquet") });
  expect(sourceDigest(sources)).toBe(sha256(WEEK));
});

test("the digest of several files depends on each file, on its source and on the order", () => {
  const [a, b] = [
    { source: "x", digest: "1" },
    { source: "y", digest: "2" },
  ] as const;
  const digests = [
    [a, b],
    [b, a],
    [a, { ...b, source: "x" }],
    [a, { ...b, digest: "3" }],
  ].map(sourceDigest);
  expect(new Set(digests).size).toBe(4);
  expect(sourceDigest([a, b])).toBe(sourceDigest([{ ...a }, { ...b }]));
});

test("values of the path that the mapping reads are part of the digest, in the report too", async () => {
  const row = "id,delay,amount\ns1,2,20\n";
  await using folder = await dataFolder({
    "region=EU/part-0.csv": row,
    "region=EU/_SUCCESS": "",
    "region=US/part-0.csv": row,
    "other=1/part-0.csv": WEEK,
  });
  const pair = await smallPair({ mapping: SMALL_MAPPING.replace("file: week.csv", 'file: "*.csv"') });
  const digestOf = (name: string) => readSourceDigest({ mapping: pair.mapping, input: join(folder.path, name) });
  const [eu, us] = [await digestOf("region=EU"), await digestOf("region=US")];
  expect(eu).not.toBe(us);
  expect(await digestOf("region=EU/part-0.csv")).toBe(eu);
  expect(await digestOf("other=1")).toBe(sha256(WEEK));
  const outParquet = join(folder.path, "a.parquet");
  const snapshot = await snapshotWeekly({ ...pair, input: join(folder.path, "region=EU"), outParquet });
  expect(sourceDigest(snapshot.sources)).toBe(eu);
  expect(snapshot).toMatchObject({ rows: 1, sources: [{ file: "part-0.csv", pathValues: { region: "EU" } }] });
});

test("second rows that equal the first in every mapped value are counted separately from others", async () => {
  const rows = ["s1,2,20,North", "s1,2,20,North", "s1,2,20,North", "s2,,10,", "s2,,10,", "s2,3,10,", "s3,1,1,North"];
  await using folder = await dataFolder({ "week.csv": `id,delay,amount,region\n${rows.join("\n")}\n` });
  const pair = await smallPair();
  const { rejected } = await snapshotWeekly({
    ...{ ...pair, input: folder.path },
    outParquet: join(folder.path, "a.parquet"),
  });
  expect(rejected).toMatchObject({ count: 4, repeated: 3 });
});
