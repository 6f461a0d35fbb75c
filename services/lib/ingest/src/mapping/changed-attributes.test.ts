import { join } from "node:path";
import { expect, test } from "vitest";
import { dataFolder, SMALL_MAPPING, smallPair } from "../../test/mapping-fixture.ts";
import { snapshotWeekly } from "../snapshot/weekly-snapshot.ts";

const MAPPING = SMALL_MAPPING.replace(
  "columns: { id: text, delay: number, amount: number, region: text } }",
  "columns: { id: text, delay: number, amount: number, name: text, region: text, category: text, money: text } }",
).replace(
  "attributes: { display_name: upper(id), region: region, exposure: amount * 2 }",
  "attributes: { display_name: name, region: region, category: category, exposure: money }",
);

async function changes(rows: readonly string[]) {
  await using folder = await dataFolder({
    "week.csv": `id,delay,amount,name,region,category,money\n${rows.join("\n")}\n`,
  });
  const outParquet = join(folder.path, "out.parquet");
  const snapshot = await snapshotWeekly({ ...(await smallPair({ mapping: MAPPING })), input: folder.path, outParquet });
  return snapshot.changedAttributes;
}

test("keeps names, regions and categories at the limit, and counts one byte over it as cut", async () => {
  const [name, word] = ["é".repeat(256), "é".repeat(128)];
  expect(await changes([`a,1,1,${name},${word},${word},1`])).toEqual([]);
  expect(await changes([`a,1,1,${name}x,${word}x,${word}x,1`, `b,1,1,${name}é,,,1`])).toEqual([
    { attribute: "display_name", change: "cut to 512 bytes", rows: 2 },
    { attribute: "region", change: "cut to 256 bytes", rows: 1 },
    { attribute: "category", change: "cut to 256 bytes", rows: 1 },
  ]);
});

test("counts an exposure that is negative or not a finite number, but not a missing one", async () => {
  const money = ["0", "-0.01", "-5", "", "NaN", "inf", "-inf", "many", "12.5"];
  expect(await changes(money.map((value, at) => `s${at},1,1,,,,${value}`))).toEqual([
    { attribute: "exposure", change: "negative, made unknown", rows: 3 },
    { attribute: "exposure", change: "not a finite number, made unknown", rows: 2 },
  ]);
});

test("does not count rejected rows", async () => {
  expect(await changes(["a,999,1,,,,-1", "b,1,1,,,,1"])).toEqual([]);
});
