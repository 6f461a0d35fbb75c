import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sqlText } from "../duckdb/quote-sql.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { compareIds } from "./compare-ids.ts";
import { SnapshotDatabase } from "./snapshot-database.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-compare-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, query: string): Promise<string> {
  const file = path.join(folder, name);
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`copy (${query}) to ${sqlText(file)} (format parquet)`);
  connection.closeSync();
  return file;
}
async function compareQueries(before: string, now: string) {
  await using database = new SnapshotDatabase({ ...DEFAULT_LIMITS, folder }, folder);
  return await compareIds(database, await write("now.parquet", now), await write("before.parquet", before));
}
const idsOf = (ids: readonly string[]): string =>
  `select supplier_id from (values ${ids.map((id) => `(${sqlText(id)})`).join(", ")}) t(supplier_id)`;
const compare = (before: readonly string[], now: readonly string[]) => compareQueries(idsOf(before), idsOf(now));

test("suppliers of both weeks are counted, whatever their order and the new ones", async () => {
  expect(await compare(["a", "b", "c"], ["d", "c", "a", "e", "f"])).toEqual({
    ...{ suppliers: 3, shared: 2, similar: 0, examples: [] },
  });
  expect(await compare(["a", "b"], ["c", "d"])).toMatchObject({ suppliers: 2, shared: 0, similar: 0 });
});

test.each([
  ["leading zeros", "000301", "301"],
  ["added zeros", "301", "000301"],
  ["case", "acme", "ACME"],
  ["spaces", "S 1", "S1"],
])("an id that lost or got %s is similar to that of the earlier week", async (_, before, now) => {
  expect(await compare(["x", before], ["x", now])).toEqual({
    ...{ suppliers: 2, shared: 1, similar: 1, examples: [{ before, now }] },
  });
});

test("an id of both weeks is not similar to a new one, and two new ones count once", async () => {
  expect(await compare(["01", "7"], ["01", "1", "7"])).toMatchObject({ shared: 2, similar: 0 });
  expect(await compare(["0a"], ["a", "A"])).toMatchObject({
    shared: 0,
    similar: 1,
    examples: [{ before: "0a", now: "A" }],
  });
});

test("two weeks of a hundred thousand suppliers are compared, with three examples", async () => {
  const ids = (sql: string) => `select ${sql} as supplier_id from range(100000) t(i)`;
  const found = await compareQueries(ids("lpad(i::varchar, 6, '0')"), ids("i::varchar"));
  expect(found).toMatchObject({ suppliers: 100_000, shared: 0, similar: 100_000 });
  expect(found.examples).toEqual([
    { before: "000000", now: "0" },
    { before: "000001", now: "1" },
    { before: "000002", now: "2" },
  ]);
}, 60_000);

test("a file that is not a snapshot is an error", async () => {
  const now = await write("now.parquet", idsOf(["a"]));
  const broken = path.join(folder, "broken.parquet");
  await writeFile(broken, "PAR1");
  await using database = new SnapshotDatabase(DEFAULT_LIMITS, folder);
  await expect(compareIds(database, now, broken)).rejects.toThrow();
});
