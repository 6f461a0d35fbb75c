import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { expect, test, vi } from "vitest";
import { startOps, testChunk } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Suppliers beside those of the run: enough for the table of search keys to be larger than one megabyte. */
const OTHERS = 20_000;

test("a completed run collects the statistics of the tables that lists search", async () => {
  await using cluster = await usePostgres();
  const url = await cluster.createDatabase();
  await using ops = await startOps(url);
  await using stack = new AsyncDisposableStack();
  const pool = await openPostgres(url, { max: 1 });
  stack.defer(() => pool.close());
  // The server's own collection, which comes up to a minute later, is off.
  await pool.query("alter table bellwether.supplier_search set (autovacuum_enabled = false)");
  await pool.query("insert into bellwether.supplier (external_id) select 'other-' || i from generate_series(1, $1) i", [
    OTHERS,
  ]);
  await pool.query(`
    insert into bellwether.supplier_search (supplier_id, id_key, name_key)
    select id, lower(external_id), 'the name of ' || external_id from bellwether.supplier`);
  const search =
    "explain select from bellwether.supplier_search where id_key like '%ther-199%' or name_key like '%ther-199%'";
  const plan = async (): Promise<string> =>
    (await pool.query<{ "QUERY PLAN": string }>(search)).rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(await plan()).not.toContain("supplier_search_parts");

  const { lease } = await ops.batch.startRun({ isoWeek: "2026-W01", modelName: "supplier-risk", holder: "test" });
  await ops.batch.submitChunk(testChunk(lease, 0, [{ id: "s", score: 0.1 }]));
  await ops.batch.completeRun({ ...(lease && { lease }), rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1 });

  await vi.waitFor(async () => expect(await plan()).toContain("supplier_search_parts"), { timeout: 20_000 });
});
