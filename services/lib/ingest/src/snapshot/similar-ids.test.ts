import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sqlText } from "../duckdb/quote-sql.ts";
import { DEFAULT_LIMITS } from "../ingest-limits.ts";
import { findSimilarIds } from "./similar-ids.ts";
import { SnapshotDatabase } from "./snapshot-database.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-similar-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Finds similar ids in a snapshot with the rows of an SQL query. */
async function similarIn(query: string) {
  const file = path.join(folder, "week.parquet");
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`copy (${query}) to ${sqlText(file)} (format parquet)`);
  connection.closeSync();
  await using database = new SnapshotDatabase({ ...DEFAULT_LIMITS, folder }, folder);
  return await findSimilarIds(database, file);
}
const similarOf = (...ids: string[]) =>
  similarIn(`select supplier_id from (values ${ids.map((id) => `(${sqlText(id)})`).join(", ")}) t(supplier_id)`);

test.each([
  ["in case", ["acme", "ACME"]],
  ["in spaces", ["S 1", "S1"]],
  ["in leading zeros", ["0012", "12"]],
  ["in all of them", ["00 a b", "AB"]],
  ["in zeros alone", ["0", "00"]],
  ["in how an accent is stored", ["Müller".normalize("NFC"), "Müller".normalize("NFD")]],
])("ids that differ only %s are similar", async (_, ids) => {
  expect(await similarOf("other", ...ids)).toEqual({ ids: 2, examples: [ids.toSorted()] });
});

test.each([[["S-1", "S1"]], [["10", "1"]], [["S_01", "S_1"]], [["a", "a"]], [["é", "e"]]])(
  "%j are not similar",
  async (ids) => {
    expect(await similarOf(...ids)).toEqual({ ids: 0, examples: [] });
  },
);

test("each id is counted once, and examples are bounded", async () => {
  const variants = (id: string): string[] => [id, id.toUpperCase(), `0${id}`, ` ${id}`];
  const found = await similarOf(...["d", "c", "b", "a"].flatMap(variants), "a");
  expect(found.ids).toBe(16);
  expect(found.examples.map(({ length }) => length)).toEqual([3, 3, 3]);
  expect(found.examples[0]?.[0]).toBe(" a");
});

test("the two similar ids among a hundred thousand are found", async () => {
  const query =
    "select case when i = 77 then 'Twin' when i = 99900 then 'twin' else 's' || i end as supplier_id from range(100000) t(i)";
  expect(await similarIn(query)).toEqual({ ids: 2, examples: [["Twin", "twin"]] });
}, 60_000);
