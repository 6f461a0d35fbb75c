import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { openPostgres } from "../pool/open-postgres.ts";
import type { PostgresPool } from "../pool/postgres-pool.ts";
import { inTransaction } from "../pool/transaction.ts";
import { buildIndexes } from "./build-indexes.ts";

const INDEXES = [
  { name: "n_once", on: "kept.item (n)" },
  { name: "n_twice", on: "kept.item ((2 * n)) where n > 5" },
];

let cluster: PostgresServer;
let url = "";
let pool: PostgresPool;
beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  pool = await openPostgres(url, { max: 4 });
});
afterAll(async () => {
  await pool?.close();
  await cluster?.[Symbol.asyncDispose]();
});
beforeEach(() =>
  pool.query(
    "drop schema if exists kept cascade; create schema kept; create table kept.item (n int); insert into kept.item select generate_series(1, 100)",
  ),
);

const build = (lockTimeoutMs = 10_000) => buildIndexes(pool, url, INDEXES, { schema: "kept", lockTimeoutMs });
/** Returns the indexes of the table, with whether they are complete. */
const indexes = async () => {
  const { rows } = await pool.query<{ name: string; valid: boolean }>(
    "select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'kept.item'::regclass order by 1",
  );
  return rows;
};
const COMPLETE = [
  { name: "kept.n_once", valid: true },
  { name: "kept.n_twice", valid: true },
];

test("builds missing indexes once", async () => {
  expect(await build()).toEqual([]);
  expect(await indexes()).toEqual(COMPLETE);
  expect(await build()).toEqual([]);
});

test("a table is written while its index waits for an older transaction", async () => {
  let building: Promise<unknown> = Promise.resolve();
  await inTransaction(pool, async (tx) => {
    await tx.query("insert into kept.item values (101)");
    building = build();
    const waits =
      "select from pg_stat_activity where application_name = 'bellwether-indexes' and wait_event_type = 'Lock'";
    await vi.waitFor(async () => expect((await pool.query(waits)).rowCount).toBe(1), { timeout: 5_000 });
    await pool.query("insert into kept.item values (102)");
  });
  expect(await building).toEqual([]);
  expect(await indexes()).toEqual(COMPLETE);
});

test("an index that waits too long is named, and the next start builds it", async () => {
  await inTransaction(pool, async (tx) => {
    await tx.query("insert into kept.item values (101)");
    expect(await build(50)).toEqual([
      { name: "n_once", cause: expect.stringContaining("lock timeout") },
      { name: "n_twice", cause: expect.stringContaining("lock timeout") },
    ]);
    expect(await indexes()).toContainEqual({ name: "kept.n_once", valid: false });
  });
  expect(await build()).toEqual([]);
  expect(await indexes()).toEqual(COMPLETE);
});

test("processes that start at the same time build each index once", async () => {
  const results = await Promise.all(Array.from({ length: 4 }, () => build()));
  expect(results).toEqual([[], [], [], []]);
  expect(await indexes()).toEqual(COMPLETE);
});

test("an index that cannot be built does not keep the others from being built", async () => {
  const bad = { name: "no_column", on: "kept.item (m)" };
  expect(await buildIndexes(pool, url, [bad, ...INDEXES], { schema: "kept" })).toEqual([
    { name: "no_column", cause: expect.stringContaining('column "m" does not exist') },
  ]);
  expect(await indexes()).toEqual(COMPLETE);
});

test("a server that refuses the builder is a cause, not an error", async () => {
  const [missing] = await buildIndexes(pool, url.replace(/\/[^/]*$/, "/nowhere"), INDEXES, { schema: "kept" });
  expect(missing).toEqual({ name: "n_once", cause: expect.stringContaining("nowhere") });
});

test("an index takes the place of its predecessor, and not before it is complete", async () => {
  await pool.query("create index n_before on kept.item (n)");
  const index = { name: "n_after", on: "kept.item (n, (n + 1))", replaces: "n_before" };
  const change = (lockTimeoutMs: number) => buildIndexes(pool, url, [index], { schema: "kept", lockTimeoutMs });
  await inTransaction(pool, async (tx) => {
    await tx.query("insert into kept.item values (101)");
    expect(await change(50)).toMatchObject([{ name: "n_after" }]);
    expect(await indexes()).toContainEqual({ name: "kept.n_before", valid: true });
  });
  expect(await change(10_000)).toEqual([]);
  expect(await indexes()).toEqual([{ name: "kept.n_after", valid: true }]);
  expect(await change(10_000)).toEqual([]);
});

test("a unique index takes the place of a unique constraint, which rejects equal rows until it is complete", async () => {
  await pool.query("alter table kept.item add column is_shared bool not null default false");
  await pool.query("alter table kept.item add constraint n_unique unique (n)");
  const own = { name: "n_own", isUnique: true, on: "kept.item (n) where not is_shared", replaces: "n_unique" };
  expect(await buildIndexes(pool, url, [own], { schema: "kept" })).toEqual([]);
  expect(await indexes()).toEqual([{ name: "kept.n_own", valid: true }]);
  await pool.query("insert into kept.item values (1, true)");
  await expect(pool.query("insert into kept.item values (1)")).rejects.toThrow(/n_own/);
  // Nothing is left to do.
  expect(await buildIndexes(pool, url, [own], { schema: "kept" })).toEqual([]);
});

test("a constraint stays while its table is locked, and the next start drops it", async () => {
  await pool.query("alter table kept.item add constraint n_unique unique (n)");
  const own = { name: "n_own", isUnique: true, on: "kept.item (n)", replaces: "n_unique" };
  await inTransaction(pool, async (tx) => {
    await tx.query("lock table kept.item in access share mode");
    // The index is complete although its transaction has not ended: it has written nothing.
    const missing = await buildIndexes(pool, url, [own], { schema: "kept", lockTimeoutMs: 200 });
    expect(missing).toMatchObject([{ name: "n_own", cause: expect.stringContaining("lock timeout") }]);
  });
  expect(await buildIndexes(pool, url, [own], { schema: "kept" })).toEqual([]);
  expect(await indexes()).toEqual([{ name: "kept.n_own", valid: true }]);
});
