import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { mergeLinksOf } from "../src/domain/merges/merge-links.ts";
import type { SupplierQuery } from "../src/domain/suppliers/supplier.ts";
import type { Db } from "../src/store/database.ts";
import { createLabelTexts, type LabelTexts } from "../src/store/scores/label-texts.ts";
import { searchSuppliers } from "../src/store/suppliers/search-suppliers.ts";
import { createRunGroups } from "../src/store/suppliers/supplier-groups.ts";
import { findSupplier, listSuppliers } from "../src/store/suppliers/suppliers.ts";
import { type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ hookTimeout: 180_000 });

const WEEKS = 60;
const weekOf = (i: number): string => `${2025 + Math.floor(i / 52)}-W${String((i % 52) + 1).padStart(2, "0")}`;
const LIST: SupplierQuery = {
  ...{ bands: [], regions: [], categories: [], changes: [], query: "", modelName: "", orderBy: "impact" },
  ...{
    hasActiveAlerts: undefined,
    completenessBelow: undefined,
    withoutExposure: false,
    isoWeek: "",
    scope: undefined,
    descending: true,
    includeFacets: true,
  },
};

let cluster: PostgresServer;
let ops: OpsHarness;
let pool: PostgresPool;

beforeAll(async () => {
  cluster = await usePostgres();
  const url = await cluster.createDatabase();
  ops = await startOps(url);
  pool = await openPostgres(url, { max: 2 });
  labelTexts = createLabelTexts(drizzle(pool));
  for (let i = 0; i < WEEKS; i++)
    // Each week changes every supplier: its exposure is that of the week.
    await runWeek(ops, weekOf(i), [
      { id: "a", score: 0.5 + i / 200, exposure: i + 1, values: [0.5, i, 3, 1] },
      { id: "b", score: 0.2, exposure: i + 2, values: [0.5, Number.NaN, Number.NaN, 1] },
    ]);
  await vi.waitFor(async () => expect(await uncopied()).toBe(0), { timeout: 60_000 });
});
beforeAll(() => listSuppliers(drizzle(pool), LIST, 1, options(drizzle(pool))));
afterAll(async () => {
  await pool?.close();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** Number of complete runs whose scores are not in the histories yet. */
const uncopied = async (): Promise<number> =>
  (await pool.query("select from bellwether.run where state = 'complete' and not history_stored")).rowCount ?? 0;

/** Returns the names of the relations that are locked after some reads in one transaction. */
async function locksOf(read: (db: Db) => Promise<unknown>): Promise<readonly string[]> {
  return await inTransaction(pool, async (connection) => {
    await read(drizzle(connection));
    const { rows } = await connection.query<{ name: string }>(
      `select relation::regclass::text as name from pg_locks
       where pid = pg_backend_pid() and locktype = 'relation' and relation::regclass::text not like 'pg_%'`,
    );
    return rows.map(({ name }) => name);
  });
}

/** Labels are kept in memory by the service, and read once in this file. */
let labelTexts: LabelTexts;
const options = (db: Db) => ({ groupsOf: createRunGroups(db), labelTexts, links: mergeLinksOf([]) });

test.each([
  ["by impact", LIST],
  ["by name", { ...LIST, orderBy: "name", descending: false } as const],
  ["with alerts", { ...LIST, hasActiveAlerts: true }],
])("ListSuppliers %s locks at most 32 tables and indexes with 60 weeks", async (_, query) => {
  const locks = await locksOf((db) => listSuppliers(db, query, 51, options(db)));
  expect(locks.length, locks.join(" ")).toBeLessThanOrEqual(32);
});

test("GetSupplier locks at most 64 tables and indexes with 60 weeks, SearchSuppliers at most 32", async () => {
  const got = await locksOf((db) => findSupplier(db, "a", { weeks: 53, modelName: "", scope: undefined }, labelTexts));
  expect(got.length, got.join(" ")).toBeLessThanOrEqual(64);
  const found = await locksOf((db) =>
    searchSuppliers(db, { query: "name of", limit: 20, modelName: "", scope: undefined }, options(db)),
  );
  expect(found.length, found.join(" ")).toBeLessThanOrEqual(32);
});

test("60 weeks of changed suppliers take two ids of suppliers, two of regions and sixty of runs", async () => {
  const { rows } = await pool.query<{ suppliers: string; labels: string; runs: string }>(
    `select (select last_value from bellwether.supplier_id_seq)::text as suppliers,
       (select last_value from bellwether.label_id_seq)::text as labels,
       (select last_value from bellwether.run_id_seq)::text as runs`,
  );
  expect(rows).toEqual([{ suppliers: "2", labels: "2", runs: String(WEEKS) }]);
});

test("starting the same run again takes no id of a run", async () => {
  const start = { isoWeek: weekOf(WEEKS), modelName: "supplier-risk", holder: "h" };
  for (let i = 0; i < 5; i++) await ops.batch.startRun(start);
  const { rows } = await pool.query<{ last: string }>("select last_value::text as last from bellwether.run_id_seq");
  expect(rows[0]?.last).toBe(String(WEEKS + 1));
});

test("the history has 53 weeks with change, impact and completeness, newest first", async () => {
  const { history, supplier } = await ops.suppliers.getSupplier({ supplierId: "b", historyWeeks: 53 });
  expect(history).toHaveLength(53);
  expect(history[0]).toMatchObject({ isoWeek: weekOf(WEEKS - 1), riskScore: 0.2, completeness: 0.5, incomplete: true });
  expect(history[0]?.impact).toBeCloseTo(0.2 * (WEEKS + 1), 9);
  expect(history[0]?.model).toMatchObject({ name: "supplier-risk", version: "v1" });
  expect(supplier?.latestScore).toMatchObject({
    completeness: 0.5,
    incomplete: true,
    missingFeatures: ["spend", "age"],
  });
});

test("contributions and reasons have the value and the contribution of the week before", async () => {
  const { supplier } = await ops.suppliers.getSupplier({ supplierId: "a" });
  const score = supplier?.latestScore;
  expect(score).toMatchObject({ previousIsoWeek: weekOf(WEEKS - 2), previousModelVersion: "v1" });
  const spend = score?.contributions.find(({ feature }) => feature === "spend");
  expect(spend).toMatchObject({ value: WEEKS - 1, previousValue: WEEKS - 2, unit: "EUR", previousContribution: -0.5 });
  const reason = score?.reasons.find(({ feature }) => feature === "spend");
  expect(reason).toMatchObject({ previousValue: WEEKS - 2, previousContribution: -0.5 });
  const late = score?.contributions.find(({ feature }) => feature === "late_ratio");
  expect(late?.previousContribution).toBeCloseTo(0.5 + (WEEKS - 2) / 200, 6);
});

test("a run that is not copied yet is in the history as it is when it is copied", async () => {
  const read = () => findSupplier(drizzle(pool), "b", { weeks: 53, modelName: "", scope: undefined }, labelTexts);
  const copied = await read();
  await pool.query(`
    delete from bellwether.score_history where run = ${WEEKS};
    update bellwether.run set history_stored = false where id = ${WEEKS}`);
  expect(await read()).toEqual(copied);
  expect(copied?.history[0]?.isoWeek).toBe(weekOf(WEEKS - 1));
});
