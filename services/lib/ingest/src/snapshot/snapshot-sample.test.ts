import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSample } from "./snapshot-sample.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-sample-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes a snapshot of suppliers S<from> to S<from + rows - 1>, whose number is that of the supplier. */
async function snapshot(name: string, from: number, rows: number): Promise<string> {
  const file = path.join(folder, name);
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select 'S' || i as supplier_id, null::date as as_of, 0::double as "attribute.exposure",
       case when i % 10 = 3 then null else i::double end as "number.delay",
       case when i % 7 = 0 then null else 'r' || (i % 3) end as "category.region"
     from range(${from}, ${from + rows}) t(i)) to '${file}' (format parquet)`,
  );
  connection.closeSync();
  return file;
}

test("reads all suppliers in the order of the snapshot when it has no more than wanted", async () => {
  const sample = await readSample(await snapshot("small.parquet", 0, 100), 100);
  expect(sample.snapshotRows).toBe(100);
  expect([...sample.rowNumbers]).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(sample.supplierIds.slice(0, 3)).toEqual(["S0", "S1", "S2"]);
  expect([...(sample.numbers.get("delay") ?? [])].slice(0, 4)).toEqual([0, 1, 2, Number.NaN]);
  expect(sample.categories.get("region")?.slice(0, 3)).toEqual([null, "r1", "r2"]);
});

test("chooses about the wanted number, with the values of the chosen suppliers, and the same ones in every week", async () => {
  const first = await readSample(await snapshot("first.parquet", 0, 30_000), 5_000);
  const second = await readSample(await snapshot("second.parquet", 1_000, 30_000), 5_000);
  expect(Math.abs(first.supplierIds.length - 5_000)).toBeLessThan(400);
  expect(first.numbers.get("delay")?.length).toBe(first.supplierIds.length);
  for (const [i, id] of first.supplierIds.entries()) {
    const number = first.numbers.get("delay")?.[i];
    expect(`S${first.rowNumbers[i]}`).toBe(id);
    if (!Number.isNaN(number)) expect(`S${number}`).toBe(id);
  }
  const common = new Set(first.supplierIds).intersection(new Set(second.supplierIds));
  const inBoth = first.supplierIds.filter((id) => Number(id.slice(1)) >= 1_000);
  expect(common.size).toBe(inBoth.length);
});
