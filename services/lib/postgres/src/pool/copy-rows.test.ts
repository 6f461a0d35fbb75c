import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyRows } from "./copy-rows.ts";
import { openPostgres } from "./open-postgres.ts";
import type { PostgresPool } from "./postgres-pool.ts";
import { inTransaction } from "./transaction.ts";

const COPY = "copy supplier from stdin";

let cluster: PostgresServer;
let pool: PostgresPool;
beforeAll(async () => {
  cluster = await usePostgres();
  // A pool of one connection: a COPY that did not release it would block the next test.
  pool = await openPostgres(await cluster.createDatabase(), { max: 1 });
  await pool.query("create table supplier (id int primary key)");
});
afterAll(async () => {
  await pool.close();
  await cluster[Symbol.asyncDispose]();
});

const count = async (): Promise<number> => (await pool.query("select id from supplier")).rowCount ?? 0;

test("stores valid rows", async () => {
  await inTransaction(pool, (tx) => copyRows(tx, COPY, Buffer.from("1\n2\n")));
  expect(await count()).toBe(2);
});

test.each([
  ["are malformed", "no number\n", "22P02"],
  ["are there already", "3\n1\n", "23505"],
])("rejects rows that %s, and rolls the transaction back", async (_, rows, code) => {
  await expect(inTransaction(pool, (tx) => copyRows(tx, COPY, Buffer.from(rows)))).rejects.toMatchObject({ code });
  expect(await count()).toBe(2);
});

test("reports an invalid row in the middle of many rows", async () => {
  const rows = Buffer.from(`x\n${"7\n".repeat(1_000_000)}`);
  await expect(inTransaction(pool, (tx) => copyRows(tx, COPY, rows))).rejects.toMatchObject({ code: "22P02" });
  expect(await count()).toBe(2);
});
