import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { copyRows } from "./copy-rows.ts";
import { openPostgres, type PostgresOptions } from "./open-postgres.ts";
import { passingFault } from "./passing-fault.ts";

let cluster: PostgresCluster;
let url = "";
beforeAll(async () => {
  cluster = await startPostgresCluster();
  url = await cluster.createDatabase();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const SILENCE_MS = 500;

async function open(options: PostgresOptions, at = url) {
  const sql = await openPostgres(at, options);
  onTestFinished(() => sql.end({ timeout: 0 }));
  return sql;
}

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );

test("queries of a server that has fallen silent fail, more than the pool has connections, and it goes on when the server does", async () => {
  await using relay = await startTcpRelay(url);
  const sql = await open({ max: 2, silenceMs: SILENCE_MS }, relay.url);
  await sql`create table copied (n int)`;
  await Promise.all([sql`select pg_sleep(0.1)`, sql`select pg_sleep(0.1)`]);
  const inTransaction = sql.begin(async (tx) => {
    await tx`select 1`;
    relay.hold(true);
    await tx`select 2`;
  });
  const failures = await Promise.all(
    [
      inTransaction,
      ...[1, 2, 3, 4].map(() => sql`select 1`),
      sql.begin((tx) => copyRows(tx, "copy copied from stdin", Buffer.from("1\n"))),
    ].map(failureOf),
  );
  expect(failures.map((failure) => passingFault(failure) !== undefined)).toEqual(failures.map(() => true));
  const silent = { code: "ETIMEDOUT", message: "PostgreSQL owes an answer and has been silent for 0.5 s" };
  expect(failures).toContainEqual(expect.objectContaining(silent));
  relay.hold(false);
  await vi.waitFor(() => Promise.all([1, 2, 3, 4].map(() => sql`select 1`)), { timeout: 10_000 });
  expect(await sql`select from copied`).toEqual([]);
});

test.each<[string, (sql: Sql) => PromiseLike<unknown>]>([
  ["a query", (sql) => sql`select 2`],
  ["a query that was asked before", (sql) => sql`select 1`],
  ["a query with parameters", (sql) => sql`select ${2}::int`],
  ["a query as drizzle asks", (sql) => sql.unsafe("select $1::int", [2])],
  ["a simple query", (sql) => sql.unsafe("select 2")],
  ["a transaction", (sql) => sql.begin((tx) => tx`select 2`)],
])("%s on a connection that fell silent while it was idle fails", async (_what, ask) => {
  await using relay = await startTcpRelay(url);
  const sql = await open({ max: 1, silenceMs: SILENCE_MS }, relay.url);
  await sql`select 1`;
  relay.hold(true);
  expect(passingFault(await failureOf(ask(sql)))).toBeDefined();
  expect(relay.opened()).toBe(1);
});

test("an answer that takes its time within the limit is waited for, and a connection that owes none may be silent, whatever it did before", async () => {
  await using relay = await startTcpRelay(url);
  const sql = await open({ max: 1, silenceMs: SILENCE_MS }, relay.url);
  const backend = () => sql`select pg_backend_pid() as pid`;
  const before = await backend();
  await sql`create table kept (n int)`;
  const copy = (rows: string) => sql.begin((tx) => copyRows(tx, "copy kept from stdin", Buffer.from(rows)));
  await sql.unsafe("select 1; select 2");
  await Promise.all([1, 2, 3].map((n) => sql`select ${n}::int`));
  await copy("1\n".repeat(100_000));
  expect(await failureOf(sql`select 1/0`)).toMatchObject({ code: "22012" });
  expect(await failureOf(sql`select ${"x"}::int`)).toMatchObject({ code: "22P02" });
  expect(await failureOf(copy("x\n"))).toMatchObject({ code: "22P02" });
  await sql`select generate_series(1, 10) as n`.cursor(3, () => {});
  await sql.begin((tx) => tx`select pg_sleep(${(0.8 * SILENCE_MS) / 1000})`);
  const idle = performance.now();
  await vi.waitFor(() => expect(performance.now() - idle).toBeGreaterThan(2 * SILENCE_MS), { timeout: 5_000 });
  expect(await backend()).toEqual(before);
  relay.hold(true);
  expect(passingFault(await failureOf(backend()))).toBeDefined();
});

test("the server ends a statement that takes too long, also one that waits for a lock, and the connection goes on", async () => {
  const sql = await open({ max: 1, statementTimeoutMs: 300 });
  const holder = await open({ max: 1 });
  expect(await failureOf(sql`select pg_sleep(60)`)).toMatchObject({ code: "57014" });
  await holder`create table held (n int)`;
  await holder.begin(async (tx) => {
    await tx`lock table held`;
    expect(await failureOf(sql`select from held`)).toMatchObject({ code: "57014" });
  });
  expect(await sql`select from held`).toEqual([]);
  expect(await sql`show idle_in_transaction_session_timeout`).toEqual([
    { idle_in_transaction_session_timeout: "1min" },
  ]);
  expect(await holder`show statement_timeout`).toEqual([{ statement_timeout: "0" }]);
});
