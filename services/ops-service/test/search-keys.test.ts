import { randomUUID } from "node:crypto";
import { OnConflict, SupplierOrder } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type OpsHarness, startOps, testChunk } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let url = "";
let ops: OpsHarness;
let pool: PostgresPool;

beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  ops = await startOps(url);
  pool = await openPostgres(url, { max: 2 });
});
afterAll(async () => {
  await pool?.close();
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** The lock under which search keys are written. */
const PENDING_LOCK = 724_017;

/** Starts a week and submits one chunk with these names; the id of a supplier is "s" and its position. */
async function submitted(isoWeek: string, names: readonly string[]) {
  const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
  const rows = names.map((_, i) => ({ id: `s${i}`, score: 0.1 }));
  await ops.batch.submitChunk(Object.assign(testChunk(lease, 0, rows), { supplierNames: [...names] }));
  const totals = { rowsRead: BigInt(names.length), rowsRejected: 0n, chunksTotal: 1 };
  return { complete: () => ops.batch.completeRun({ ...(lease && { lease }), ...totals }) };
}

const found = async (query: string): Promise<readonly string[]> =>
  (await ops.suppliers.searchSuppliers({ query })).matches.map((match) => match.supplier?.supplierId ?? "");

const byName = async (): Promise<readonly string[]> => {
  const { suppliers, totalSize } = await ops.suppliers.listSuppliers({ orderBy: SupplierOrder.NAME });
  expect(totalSize).toBe(BigInt(suppliers.length));
  return suppliers.map(({ supplierId }) => supplierId);
};

test("a new name is found soon after its chunk, and the order by name has every supplier when the week is complete", async () => {
  const week = await submitted("2026-W01", ["Zander", "Arnold", ""]);
  await vi.waitFor(async () => expect(await found("zander")).toEqual(["s0"]), { timeout: 20_000 });
  await week.complete();
  expect(await byName()).toEqual(["s1", "s0", "s2"]);
});

test("a chunk does not wait for the search keys of its names; completing the week does", async () => {
  const order: string[] = [];
  const completing = await inTransaction(pool, async (connection) => {
    await connection.query("select pg_advisory_xact_lock($1)", [PENDING_LOCK]);
    const week = await submitted("2026-W02", ["Bertram", "Arnold", "", "Caesar"]);
    expect([await found("bertram"), await found("zander")]).toEqual([[], ["s0"]]);
    const { rows } = await pool.query("select distinct supplier_id from bellwether.supplier_search_pending");
    expect(rows).toHaveLength(2);
    const done = week.complete().then(() => order.push("complete"));
    await vi.waitFor(async () => {
      const { rowCount } = await pool.query("select from pg_locks where locktype = 'advisory' and not granted");
      expect(rowCount).toBeGreaterThan(0);
    });
    order.push("unlocked");
    return { done };
  });
  await completing.done;
  expect(order).toEqual(["unlocked", "complete"]);
  expect([await found("bertram"), await found("zander"), await found("caesar")]).toEqual([["s0"], [], ["s3"]]);
  expect(await byName()).toEqual(["s1", "s0", "s3", "s2"]);
});

test("a name of master data is found at once, whatever chunks have requested before", async () => {
  await pool.query(
    "insert into bellwether.supplier_search_pending select id from bellwether.supplier, generate_series(1, 3)",
  );
  const rows = [{ supplierId: "s0", name: "Dora" }];
  await ops.suppliers.importSuppliers({ requestId: randomUUID(), onConflict: OnConflict.UPDATE, rows });
  expect([await found("dora"), await found("bertram")]).toEqual([["s0"], []]);
});

test("the next start writes the keys that a killed process has left", async () => {
  await pool.query("delete from bellwether.supplier_search where name_key = 'caesar'");
  await pool.query("update bellwether.supplier set name = 'Emil' where name = 'Arnold'");
  await pool.query(
    "insert into bellwether.supplier_search_pending select id from bellwether.supplier where name = 'Emil'",
  );
  await using _second = await startOps(url);
  expect([await found("caesar"), await found("emil"), await found("arnold")]).toEqual([["s3"], ["s1"], []]);
  expect((await pool.query("select from bellwether.supplier_search_pending")).rowCount).toBe(0);
});

test("a name of characters that each stand for many letters is stored, and found by its beginning", async () => {
  // Each of these has up to 18 letters in its plain form.
  const name = Array.from({ length: 170 }, (_, i) => String.fromCodePoint(0xfdf0 + (i % 12))).join("");
  await (await submitted("2026-W03", ["", name, "", "Caesar"])).complete();
  expect(await found(name.slice(0, 4))).toEqual(["s1"]);
});
