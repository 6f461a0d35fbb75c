import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CountedFeature, countUnscored } from "./unscored-rows.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-unscored-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes a snapshot with rows of delay, amount and region, as SQL. */
async function snapshot(rows: string): Promise<string> {
  const file = path.join(folder, "week.parquet");
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    `copy (select 's' as supplier_id, null::date as as_of, 0::double as "attribute.exposure", delay::double as "number.delay",
       amount::double as "number.amount", region::varchar as "category.region" from (values ${rows}) t(delay, amount, region))
     to '${file}' (format parquet)`,
  );
  connection.closeSync();
  return file;
}

const number = (name: string): CountedFeature => ({ name, kind: "numeric", categories: [] });
const region = (...categories: string[]): CountedFeature => ({ name: "region", kind: "category", categories });
const FEATURES = [number("delay"), number("amount"), region("EU", "US")];
const ROWS =
  "(1, 2, 'EU'), (1, null, null), ('nan'::double, null, 'EU'), (null, null, 'XX'), (0, null, 'XX'), (0, 0, 'XX')";

test("counts the rows on both sides of the minimum; NaN and a category that the model does not know are missing", async () => {
  const file = await snapshot(ROWS);
  expect(await countUnscored(file, { least: 1, features: FEATURES })).toEqual({
    rows: 1,
    missing: ["delay", "amount", "region"].map((feature) => ({ feature, rows: 1 })),
    unknown: [{ feature: "region", rows: 3, present: 5 }],
  });
  expect(await countUnscored(file, { least: 2, features: FEATURES })).toEqual({
    rows: 4,
    missing: [
      { feature: "amount", rows: 4 },
      { feature: "region", rows: 3 },
      { feature: "delay", rows: 2 },
    ],
    unknown: [{ feature: "region", rows: 3, present: 5 }],
  });
  expect(await countUnscored(file, { least: 3, features: FEATURES })).toMatchObject({ rows: 5 });
});

test("without known categories each value counts, and only features of the model count", async () => {
  const file = await snapshot(ROWS);
  expect(await countUnscored(file, { least: 1, features: [region()] })).toMatchObject({ rows: 1 });
  expect(await countUnscored(file, { least: 1, features: [region("O'Hare")] })).toMatchObject({ rows: 6 });
});

test("a model that needs no feature scores each row, and a feature that the snapshot lacks is missing in each", async () => {
  const file = await snapshot(ROWS);
  expect(await countUnscored(file, { least: 0, features: FEATURES })).toEqual({
    ...{ rows: 0, missing: [], unknown: [{ feature: "region", rows: 3, present: 5 }] },
  });
  expect(await countUnscored(file, { least: 1, features: [number("other")] })).toEqual({
    rows: 6,
    missing: [{ feature: "other", rows: 6 }],
    unknown: [],
  });
});

test("a thousand features can be counted", async () => {
  const file = await snapshot(ROWS);
  const others = Array.from({ length: 1_000 }, (_, i) => number(`other${i}`));
  expect(await countUnscored(file, { least: 1, features: [...others, number("delay")] })).toMatchObject({ rows: 2 });
});

test("a feature whose categories are all known, or that the snapshot lacks, has no unknown ones", async () => {
  const file = await snapshot(ROWS);
  const other: CountedFeature = { name: "sector", kind: "category", categories: ["A"] };
  const { unknown } = await countUnscored(file, { least: 1, features: [region("EU", "XX"), region(), other] });
  expect(unknown).toEqual([]);
});
