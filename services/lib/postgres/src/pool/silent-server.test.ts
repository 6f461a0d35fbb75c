import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import type { PoolClient } from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { copyRows } from "./copy-rows.ts";
import { openPostgres, type PostgresOptions } from "./open-postgres.ts";
import type { PostgresPool } from "./postgres-pool.ts";
import { inTransaction } from "./transaction.ts";
import { transientError } from "./transient-error.ts";

let cluster: PostgresCluster;
let url = "";
beforeAll(async () => {
  cluster = await startPostgresCluster();
  url = await cluster.createDatabase();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const ANSWER_TIMEOUT_MS = 500;

async function open(options: PostgresOptions, at = url) {
  const pool = await openPostgres(at, options);
  onTestFinished(() => pool.close());
  return pool;
}

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );

test("queries of a server that stops answering fail, even more than the pool has connections, and the pool works again when the server does", async () => {
  await using relay = await startTcpRelay(url);
  const pool = await open({ max: 2, answerTimeoutMs: ANSWER_TIMEOUT_MS }, relay.url);
  await pool.query("create table copied (n int)");
  await Promise.all([1, 2].map(() => pool.query("select pg_sleep(0.1)")));
  const both = Promise.withResolvers<void>();
  let begun = 0;
  const transaction = (ask: (tx: PoolClient) => Promise<unknown>) =>
    inTransaction(pool, async (tx) => {
      if (++begun === 2) {
        relay.setPaused(true);
        both.resolve();
      }
      await both.promise;
      await ask(tx);
    });
  const failures = await Promise.all(
    [
      transaction((tx) => tx.query("select 2")),
      transaction((tx) => copyRows(tx, "copy copied from stdin", Buffer.from("1\n"))),
      ...[1, 2, 3, 4].map(() => pool.query("select 1")),
    ].map(failureOf),
  );
  expect(failures.map((failure) => transientError(failure) !== undefined)).toEqual(failures.map(() => true));
  expect(failures).toContainEqual(expect.objectContaining({ message: "Query read timeout" }));
  relay.setPaused(false);
  await Promise.all([1, 2, 3, 4].map(() => pool.query("select 1")));
  expect(await pool.query("select from copied")).toMatchObject({ rowCount: 0 });
}, 30_000);

test.each<[string, (pool: PostgresPool) => PromiseLike<unknown>]>([
  ["a query", (pool) => pool.query("select 2")],
  ["a query with parameters", (pool) => pool.query("select $1::int", [2])],
  ["a transaction", (pool) => inTransaction(pool, (tx) => tx.query("select 2"))],
])("%s fails on an idle connection whose server has stopped answering", async (_what, ask) => {
  await using relay = await startTcpRelay(url);
  const pool = await open({ max: 1, answerTimeoutMs: ANSWER_TIMEOUT_MS }, relay.url);
  await pool.query("select 1");
  relay.setPaused(true);
  expect(transientError(await failureOf(ask(pool)))).toBeDefined();
  expect(relay.connectionsAccepted()).toBe(1);
});

test("a slow answer within the limit is waited for, and a connection without an open query has no time limit, whatever it ran before", async () => {
  await using relay = await startTcpRelay(url);
  const pool = await open({ max: 1, answerTimeoutMs: ANSWER_TIMEOUT_MS }, relay.url);
  const backend = async () => (await pool.query("select pg_backend_pid() as pid")).rows;
  const before = await backend();
  await pool.query("create table kept (n int)");
  const copy = (rows: string) => inTransaction(pool, (tx) => copyRows(tx, "copy kept from stdin", Buffer.from(rows)));
  await pool.query("select 1; select 2");
  await Promise.all([1, 2, 3].map((n) => pool.query("select $1::int", [n])));
  await copy("1\n".repeat(10_000));
  expect(await failureOf(pool.query("select 1/0"))).toMatchObject({ code: "22012" });
  expect(await failureOf(pool.query("select $1::int", ["x"]))).toMatchObject({ code: "22P02" });
  expect(await failureOf(copy("x\n"))).toMatchObject({ code: "22P02" });
  await inTransaction(pool, (tx) => tx.query("select pg_sleep($1)", [(0.6 * ANSWER_TIMEOUT_MS) / 1000]));
  const idle = performance.now();
  await vi.waitFor(() => expect(performance.now() - idle).toBeGreaterThan(2 * ANSWER_TIMEOUT_MS), { timeout: 5_000 });
  expect(await backend()).toEqual(before);
  relay.setPaused(true);
  expect(transientError(await failureOf(backend()))).toBeDefined();
});

test("the server ends a statement that takes too long, also one that waits for a lock, and the connection can be used again", async () => {
  const pool = await open({ max: 1, statementTimeoutMs: 300 });
  const holder = await open({ max: 1 });
  expect(await failureOf(pool.query("select pg_sleep(60)"))).toMatchObject({ code: "57014" });
  await holder.query("create table held (n int)");
  await inTransaction(holder, async (tx) => {
    await tx.query("lock table held");
    expect(await failureOf(pool.query("select from held"))).toMatchObject({ code: "57014" });
  });
  expect(await pool.query("select from held")).toMatchObject({ rowCount: 0 });
  expect((await pool.query("show idle_in_transaction_session_timeout")).rows).toEqual([
    { idle_in_transaction_session_timeout: "1min" },
  ]);
  expect((await holder.query("show statement_timeout")).rows).toEqual([{ statement_timeout: "0" }]);
});
