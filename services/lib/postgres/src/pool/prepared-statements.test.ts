import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openPostgres, type PostgresOptions } from "./open-postgres.ts";
import { inTransaction } from "./transaction.ts";

let cluster: PostgresServer;
let url = "";
beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** Opens a pool of one connection that prepares statements. */
async function open(options: PostgresOptions = {}) {
  const pool = await openPostgres(url, { max: 1, preparesStatements: true, ...options });
  onTestFinished(() => pool.close());
  const ask = async (text: string, ...values: unknown[]): Promise<readonly Record<string, unknown>[]> =>
    (await pool.query({ text, values })).rows;
  const prepared = async () =>
    (await ask("select statement from pg_prepared_statements")).map(({ statement }) => String(statement)).sort();
  return { pool, ask, prepared };
}

test("a statement that a connection runs again and again is parsed once, and has the results of its values", async () => {
  const { ask, prepared } = await open();
  const text = "select $1::int * 2 as twice";
  for (let i = 0; i < 20; i++) expect(await ask(text, i)).toEqual([{ twice: i * 2 }]);
  await ask("select 1 as once");
  expect(await prepared()).toEqual([text]);
});

test("without the option, and in a transaction, nothing is prepared", async () => {
  const plain = await open({ preparesStatements: false });
  for (let i = 0; i < 5; i++) await plain.ask("select $1::int", i);
  expect(await plain.prepared()).toEqual([]);
  const { pool, prepared } = await open();
  for (let i = 0; i < 5; i++) await inTransaction(pool, (tx) => tx.query({ text: "select $1::int", values: [i] }));
  expect(await prepared()).toEqual([]);
});

test("a prepared statement whose table gets a column returns it, and one that was dropped is prepared again", async () => {
  const { pool, ask, prepared } = await open();
  await pool.query("create table grows (a int); insert into grows values (1)");
  const text = "select * from grows where a = $1";
  for (let i = 0; i < 4; i++) expect(await ask(text, 1)).toEqual([{ a: 1 }]);
  await pool.query("alter table grows add column b int default 7");
  for (let i = 0; i < 4; i++) expect(await ask(text, 1)).toEqual([{ a: 1, b: 7 }]);
  await pool.query("deallocate all");
  for (let i = 0; i < 4; i++) expect(await ask(text, 1)).toEqual([{ a: 1, b: 7 }]);
  expect(await prepared()).toContain(text);
});

test("the errors of a prepared statement are those of the statement", async () => {
  const { pool, ask } = await open();
  const divide = "select 1 / $1::int as share";
  for (let i = 0; i < 4; i++) expect(await ask(divide, 1)).toEqual([{ share: 1 }]);
  await expect(ask(divide, 0)).rejects.toMatchObject({ code: "22012" });
  await pool.query("create table gone (a int)");
  for (let i = 0; i < 4; i++) expect(await ask("select a from gone where a = $1", 1)).toEqual([]);
  await pool.query("drop table gone");
  await expect(ask("select a from gone where a = $1", 1)).rejects.toMatchObject({ code: "42P01" });
  expect(await ask(divide, 1)).toEqual([{ share: 1 }]);
});

test("a connection has at most 64 prepared statements, and its others are parsed each time", async () => {
  const { ask, prepared } = await open();
  for (let n = 0; n < 400; n++)
    for (let i = 0; i < 4; i++) expect(await ask(`select ${n} + $1::int as sum`, i)).toEqual([{ sum: n + i }]);
  expect(await prepared()).toHaveLength(64);
});
