import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { migrateDatabase } from "@bellwether/postgres/drizzle/migrate";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "../src/store/database.ts";
import { startOps } from "./ops-harness.ts";

const MIGRATIONS = path.resolve(import.meta.dirname, "../migrations");
const LAST_BEFORE = "0010_sign_in";
const WEEKS = 3;

let cluster: PostgresServer;
let url = "";
let pool: PostgresPool;

/** A database of a release without search and histories, with three complete runs of two suppliers. */
beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  const dir = await mkdtemp(path.join(os.tmpdir(), "migrations-"));
  await cp(MIGRATIONS, dir, { recursive: true });
  const journal = path.join(dir, "meta/_journal.json");
  const known: { entries: { tag: string }[] } = JSON.parse(await readFile(journal, "utf8"));
  const end = known.entries.findIndex(({ tag }) => tag === LAST_BEFORE) + 1;
  await writeFile(journal, JSON.stringify({ ...known, entries: known.entries.slice(0, end) }));
  await migrateDatabase(url, dir);
  await rm(dir, { recursive: true, force: true });
  pool = await openPostgres(url, { max: 1 });
  await pool.query(
    `insert into bellwether.supplier (external_id, name, exposure) values ('a', 'Älteste GmbH', 200), ('b', '', null)`,
  );
  for (let run = 1; run <= WEEKS; run++)
    await pool.query(`
      insert into bellwether.run (iso_week, model_name, fence, holder, state, scored_by) values
        ('2026-W0${run}', 'm', 1, 'h', 'complete', '{"columnNames": ["x"], "outputSpace": "margin", "baseValue": 0}');
      create table bellwether.score_r${run} partition of bellwether.score for values in (${run});
      create table bellwether.score_chunk_r${run} partition of bellwether.score_chunk for values in (${run});
      insert into bellwether.score (run, supplier, p, delta, band, impact, chunk, pos, top) values
        (${run}, 1, 0.5, null, 3, 100, 0, 0, ''), (${run}, 2, 0.25, null, 2, 0.25, 0, 1, '');
      insert into bellwether.score_chunk (run, chunk, phi) values (${run}, 0, '\\x0000003f0000003f')`);
});
afterAll(async () => {
  await pool?.close();
  await cluster?.[Symbol.asyncDispose]();
});

const copied = async () =>
  (await pool.query<{ rows: number }>("select count(*)::int as rows from bellwether.score_history")).rows[0]?.rows;

test("an interrupted start continues with the runs and suppliers that are missing, and copies each once", async () => {
  await (await openDatabase(url)).close();
  // As if the start had been killed after the first run and the first supplier.
  await pool.query(`
    insert into bellwether.score_history (supplier, run, p, impact, band) values (1, 1, 0.5, 100, 3), (2, 1, 0.25, null, 2);
    update bellwether.run set history_stored = true where id = 1;
    insert into bellwether.supplier_search (supplier_id, id_key, name_key) values (1, 'a', 'alteste gmbh')`);
  for (let start = 0; start < 2; start++) {
    await using ops = await startOps(url);
    expect(await copied()).toBe(WEEKS * 2);
    const { supplier, history } = await ops.suppliers.getSupplier({ supplierId: "a" });
    expect(history.map(({ isoWeek, impact }) => [isoWeek, impact])).toEqual([
      ["2026-W03", 100],
      ["2026-W02", 100],
      ["2026-W01", 100],
    ]);
    expect(supplier?.latestScore).toMatchObject({ impact: 100, exposureKnown: true, incomplete: false });
    const b = await ops.suppliers.getSupplier({ supplierId: "b" });
    expect([b.supplier?.latestScore?.impact, b.history[0]?.impact, b.impactFormula]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const { matches } = await ops.suppliers.searchSuppliers({ query: "ALTESTE" });
    expect(matches.map((match) => match.supplier?.supplierId)).toEqual(["a"]);
    expect((await ops.suppliers.searchSuppliers({ query: "b" })).matches).toHaveLength(1);
    const { suppliers, totalSize } = await ops.suppliers.listSuppliers({ includeFacets: true });
    expect([suppliers.map(({ supplierId }) => supplierId), totalSize]).toEqual([["a", "b"], 2n]);
    const week = await ops.reports.getWeek({});
    expect(week.moneyAtRisk).toMatchObject({ amount: 100, suppliersWithoutExposure: 1n });
    expect(week.incompleteSuppliers).toBeUndefined();
  }
});
