import { runInContext } from "@bellwether/telemetry/lazy-context";
import { unsampledContext } from "@bellwether/telemetry/unsampled-trace";
import { hasPgBouncer, type PgBouncer, startPgBouncer } from "@bellwether/testing/pgbouncer";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { openNotifications } from "./open-notifications.ts";
import { openPostgres, type PostgresOptions } from "./open-postgres.ts";
import { inTransaction } from "./transaction.ts";

describe.skipIf(!hasPgBouncer())("behind PgBouncer in session mode (skipped where there is no pgbouncer)", () => {
  let cluster: PostgresServer;
  let bouncer: PgBouncer;
  let url = "";
  let direct = "";
  beforeAll(async () => {
    cluster = await usePostgres();
    direct = await cluster.createDatabase();
    bouncer = await startPgBouncer(direct);
    url = bouncer.through(direct);
  });
  afterAll(async () => {
    await bouncer?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  async function open(options: PostgresOptions = {}, to = url) {
    const pool = await openPostgres(to, { max: 1, ...options });
    onTestFinished(() => pool.close());
    return pool;
  }

  test("the limits of a connection hold, and the next user of its server connection does not have them", async () => {
    const limits = { statementTimeoutMs: 300, lockTimeoutMs: 200, maxParallelWorkers: 0 };
    const pool = await openPostgres(url, { max: 1, ...limits });
    const names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
    const read = async (from: typeof pool) => {
      const { rows } = await from.query(
        "select pg_backend_pid() as pid, array(select current_setting(n) from unnest($1::text[]) n) as found",
        [[...names, "max_parallel_workers_per_gather"]],
      );
      return rows[0];
    };
    await expect(pool.query("select pg_sleep(60)")).rejects.toMatchObject({ code: "57014" });
    const limited = await read(pool);
    expect(limited?.found).toEqual(["300ms", "200ms", "1min", "0"]);
    await pool.close();
    const next = await open();
    const own = await read(next);
    // PgBouncer gives the server connection that was used last.
    expect(own?.pid).toBe(limited?.pid);
    expect(own?.found.slice(0, 3)).toEqual(["0", "0", "0"]);
  });

  test("the query of an aborted call is canceled on the server", async () => {
    const pool = await open();
    const admin = await open({}, direct);
    const aborted = new AbortController();
    const running = async () => {
      const { rowCount } = await admin.query("select from pg_stat_activity where query = 'select pg_sleep(61)'");
      return rowCount;
    };
    const call = { signal: aborted.signal, traceContext: unsampledContext() };
    const ended = runInContext(call, () => pool.query("select pg_sleep(61)")).then(
      () => undefined,
      (error: unknown) => error,
    );
    await vi.waitFor(async () => expect(await running()).toBe(1), { timeout: 10_000 });
    aborted.abort();
    expect(await ended).toMatchObject({ code: "57014" });
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  test("the prepared statements of a client are not those of the next one", async () => {
    const text = "select $1::int + 1 as next";
    const ask = async (pool: Awaited<ReturnType<typeof open>>) => {
      for (let i = 0; i < 5; i++) expect((await pool.query({ text, values: [i] })).rows).toEqual([{ next: i + 1 }]);
      const { rows } = await pool.query(
        "select pg_backend_pid() as pid, count(*)::int as count from pg_prepared_statements",
      );
      return rows[0];
    };
    const first = await openPostgres(url, { max: 1, preparesStatements: true });
    const before = await ask(first);
    expect(before).toMatchObject({ count: 1 });
    await first.close();
    expect(await ask(await open({ preparesStatements: true }))).toEqual(before);
  });

  test("notifications arrive, and a lock of a session is held", async () => {
    const heard: string[] = [];
    const connection = await openNotifications(url, {
      onNotification: (channel, payload) => heard.push(`${channel} ${payload}`),
      onEnd: () => heard.push("ended"),
    });
    onTestFinished(() => connection.close());
    await connection.listen("news");
    const [holder, other] = [await open(), await open()];
    await holder.query("select pg_advisory_lock(7)");
    await inTransaction(other, (tx) => tx.query("select pg_notify('news', 'now')"));
    await vi.waitFor(() => expect(heard).toEqual(["news now"]), { timeout: 10_000 });
    expect((await other.query("select pg_try_advisory_lock(7) as taken")).rows).toEqual([{ taken: false }]);
    await holder.query("select pg_advisory_unlock(7)");
    expect((await other.query("select pg_try_advisory_lock(7) as taken")).rows).toEqual([{ taken: true }]);
  });
});
