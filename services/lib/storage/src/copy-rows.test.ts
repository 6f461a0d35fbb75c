import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyRows } from "./copy-rows.ts";
import { openPostgres } from "./open-postgres.ts";

const COPY = "copy supplier from stdin";

let cluster: PostgresCluster;
let sql: Sql;
beforeAll(async () => {
  cluster = await startPostgresCluster();
  // One connection: a COPY that kept it would stop the next test.
  sql = await openPostgres(await cluster.createDatabase(), { max: 1 });
  await sql.unsafe("create table supplier (id int primary key)");
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await cluster[Symbol.asyncDispose]();
});

const count = async (): Promise<number> => (await sql.unsafe("select id from supplier")).length;

test("rows that fit are stored", async () => {
  await sql.begin((tx) => copyRows(tx, COPY, Buffer.from("1\n2\n")));
  expect(await count()).toBe(2);
});

test.each([
  ["are malformed", "no number\n", "22P02"],
  ["are there already", "3\n1\n", "23505"],
])("rows that %s are refused, and the transaction is rolled back", async (_, rows, code) => {
  await expect(sql.begin((tx) => copyRows(tx, COPY, Buffer.from(rows)))).rejects.toMatchObject({ code });
  expect(await count()).toBe(2);
});

test("a refusal in the middle of many rows is told too", async () => {
  const rows = Buffer.from(`x\n${"7\n".repeat(1_000_000)}`);
  await expect(sql.begin((tx) => copyRows(tx, COPY, rows))).rejects.toMatchObject({ code: "22P02" });
  expect(await count()).toBe(2);
});
