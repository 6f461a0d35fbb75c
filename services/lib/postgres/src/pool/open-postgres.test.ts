import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded/embedded-postgres.ts";
import { changeOwner, serverUser } from "../embedded/server-files.ts";
import { copyRows } from "./copy-rows.ts";
import { openPostgres } from "./open-postgres.ts";
import type { PostgresPool } from "./postgres-pool.ts";
import { inTransaction } from "./transaction.ts";
import { transientError } from "./transient-error.ts";

let server: EmbeddedPostgres;
let settings: Record<string, string> = {};
let folder = "";
let admin: PostgresPool;
let pool: PostgresPool;

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Returns the settings of a server with TLS and a self-signed certificate. */
async function tlsSettings(): Promise<Record<string, string>> {
  const [key, cert] = [path.join(folder, "server.key"), path.join(folder, "server.pem")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  execFileSync("openssl", [...request, "-subj", "/CN=localhost", "-keyout", key, "-out", cert], { stdio: "ignore" });
  await changeOwner(key, serverUser());
  return { ssl: "on", ssl_cert_file: cert, ssl_key_file: key };
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-tls-"));
  await chmod(folder, 0o755);
  settings = { fsync: "off", ...(hasOpenssl() && (await tlsSettings())) };
  server = await startEmbeddedPostgres({ dir: path.join(folder, "data"), settings });
  admin = await openPostgres(server.url, { max: 1, applicationName: "admin" });
});
afterAll(async () => {
  await admin?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Resolves when a connection of the pool under test runs a query that contains this text. */
async function untilBusy(words: string): Promise<void> {
  const busy = async () =>
    expect(
      await admin.query(
        "select from pg_stat_activity where application_name = 'victim' and state = 'active' and query like $1",
        [`%${words}%`],
      ),
    ).toMatchObject({ rowCount: 1 });
  await vi.waitFor(busy, { timeout: 10_000 });
}

/** Cuts every connection of the pool under test, once one of them runs a query that contains this text. */
async function cutWhile(words: string): Promise<void> {
  await untilBusy(words);
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'");
}

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, () => work()));

/** Each connection that was idle when it was cut may fail one more query. */
const goesOn = () =>
  vi.waitFor(() => times(5, () => inTransaction(pool, (tx) => tx.query("select 1"))), { timeout: 2_000 });

const assertConnections = (query: string, isEncrypted: boolean) => () => {
  beforeAll(async () => {
    pool = await openPostgres(server.url + query, { max: 2, applicationName: "victim" });
  });
  afterAll(() => pool?.close());

  test("encrypts as the URL requests", async () => {
    const { rows } = await pool.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
    expect(rows).toEqual([{ ssl: isEncrypted }]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ["a query", () => pool.query("select pg_sleep(60)")],
    ["a transaction", () => inTransaction(pool, (tx) => tx.query("select pg_sleep(60)"))],
    [
      "a transaction that catches the error",
      () =>
        inTransaction(pool, async (tx) => [
          await failureOf(tx.query("select pg_sleep(60)")),
          await tx.query("select 1"),
        ]),
    ],
  ])("%s whose connection is cut fails, and the pool continues to work", async (_what, work) => {
    const failed = failureOf(work());
    await cutWhile("pg_sleep");
    expect(transientError(await failed)).toBeDefined();
    await goesOn();
  });

  test("a COPY whose connection is cut fails, and the pool continues to work", async () => {
    await pool.query("drop table if exists copied");
    await pool.query("create table copied (n int)");
    await pool.query(
      "create or replace function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$",
    );
    await pool.query("create trigger slow before insert on copied for each row execute function slow()");
    const copied = failureOf(inTransaction(pool, (tx) => copyRows(tx, "copy copied from stdin", Buffer.from("1\n"))));
    await cutWhile("copy copied");
    expect(transientError(await copied)).toBeDefined();
    await goesOn();
    expect(await pool.query("select from copied")).toMatchObject({ rowCount: 0 });
  });

  test("while the server is stopped, more queries than the pool has connections fail, and the pool works at once when the server is back", async () => {
    await vi.waitFor(() => times(2, () => pool.query("select pg_sleep(0.1)")), { timeout: 2_000 });
    await withoutServer(async () => {
      for (let round = 0; round < 50; round++) {
        const failures = await times(5, () => failureOf(pool.query("select 1")));
        expect(failures.map((failure) => transientError(failure) !== undefined)).toEqual([
          true,
          true,
          true,
          true,
          true,
        ]);
      }
      expect(await failureOf(inTransaction(pool, (tx) => tx.query("select 1")))).toMatchObject({
        code: "ECONNREFUSED",
      });
    });
    await times(5, () => pool.query("select 1"));
    await times(5, () => inTransaction(pool, (tx) => tx.query("select 1")));
  });
};

/** Stops the server while `meanwhile` runs, and starts it again on the same port. */
async function withoutServer(meanwhile: () => Promise<void>): Promise<void> {
  await server.stop();
  try {
    await meanwhile();
  } finally {
    const port = Number(new URL(server.url).port);
    server = await startEmbeddedPostgres({ dir: path.join(folder, "data"), settings, port });
  }
}

describe("connections without TLS", assertConnections("", false));
describe.skipIf(!hasOpenssl())(
  "connections with TLS (skipped where there is no openssl)",
  assertConnections("?sslmode=require", true),
);

describe("parameters and results", () => {
  beforeAll(async () => {
    pool = await openPostgres(server.url, { max: 1 });
  });
  afterAll(() => pool?.close());

  test.each<[string, unknown[]]>([
    ["int", [0, -1, 2_147_483_647, null]],
    ["bigint", ["9007199254740993", "-1", null]],
    ["uuid", ["0d5ba8e9-6f0f-4b9c-8d43-3a3a0f6e5a11", null]],
    ["float8", [0.1, -0, 5e-324, 1.7976931348623157e308, Number.NaN, Number.POSITIVE_INFINITY, null]],
    ["text", ["", " ", "null", "NULL", "{}", "a,b", '"', "\\", '\\"', "}'; drop table x; --", "\n\t", "é 😀", null]],
  ])("%s[] arrives unchanged, element by element", async (type, elements) => {
    const asked = await pool.query(`select e from unnest($1::${type}[]) with ordinality u(e, at) order by at`, [
      elements,
    ]);
    expect(asked.rows.map(({ e }) => e)).toEqual(elements.map((element) => (Object.is(element, -0) ? 0 : element)));
    expect((await pool.query(`select cardinality($1::${type}[]) as n`, [[]])).rows).toEqual([{ n: 0 }]);
  });

  test("a rejected query keeps its connection, and a transaction that ignores a failed query is not reported as committed", async () => {
    const backend = async () => (await pool.query("select pg_backend_pid() as pid")).rows;
    const before = await backend();
    await expect(pool.query("select $1::inet[]", [["::x"]])).rejects.toMatchObject({ code: "22P02" });
    await expect(inTransaction(pool, (tx) => tx.query("select 1/0"))).rejects.toMatchObject({ code: "22012" });
    await expect(inTransaction(pool, (tx) => tx.query("select 1/0").catch(() => {}))).rejects.toThrow(
      "was rolled back",
    );
    const own = new Error("of the work itself");
    await expect(inTransaction(pool, () => Promise.reject(own))).rejects.toBe(own);
    expect(await backend()).toEqual(before);
  });
});

describe("close", () => {
  const open = () => openPostgres(server.url, { max: 1, applicationName: "victim" });

  test("waits for a query in progress", async () => {
    const closing = await open();
    const asked = closing.query("select pg_sleep(0.2)");
    await closing.close(5_000);
    expect(await asked).toMatchObject({ rowCount: 1 });
  });

  test.each<[string, (closing: PostgresPool) => Promise<unknown>]>([
    ["a query", (closing) => closing.query("select 'lone', pg_sleep(60)")],
    ["a transaction", (closing) => inTransaction(closing, (tx) => tx.query("select 'within', pg_sleep(60)"))],
    ["a query that waits for its turn", (closing) => times(2, () => closing.query("select 'first', pg_sleep(60)"))],
  ])("cuts off %s that takes too long", async (_what, ask) => {
    const closing = await open();
    const failed = failureOf(ask(closing));
    await closing.close(50);
    expect(transientError(await failed)).toBeDefined();
  });
});

test("connections that break at their first query fail only those queries", async () => {
  let isCutting = false;
  const relay = net.createServer((client) => {
    const upstream = net.connect(Number(new URL(server.url).port), "127.0.0.1");
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      from.on("error", () => {}).once("close", () => to.destroy());
      from.on("data", (bytes) => {
        if (isCutting && bytes.includes("select")) client.destroy();
        else to.write(bytes);
      });
    }
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  onTestFinished(() => void relay.close());
  const url = new URL(server.url);
  url.port = String((relay.address() as net.AddressInfo).port);
  const relayed = await openPostgres(url.href, { max: 4 });
  const ask = () => relayed.query("select pg_sleep(0.1)");
  isCutting = true;
  const failures = await times(8, () => failureOf(ask()));
  expect(failures.filter((failure) => transientError(failure) === undefined)).toEqual([]);
  isCutting = false;
  await times(8, ask);
  await relayed.close();
});

test.skipIf(!hasOpenssl())(
  "a certificate that cannot be verified although the URL requires it is a one-line error (skipped where there is no openssl)",
  async () => {
    const opened = openPostgres(`${server.url}?sslmode=verify-full`);
    await expect(opened).rejects.toThrow(
      /^PostgreSQL at postgres:\/\/127\.0\.0\.1:\d+\/postgres cannot be used: self[- ]signed certificate.*\. Start it, or correct DATABASE_URL$/,
    );
  },
);

test("a pool without parallel workers says so to the server on each of its connections", async () => {
  await using serial = await openPostgres(server.url, { max: 2, maxParallelWorkers: 0 }).then((opened) => ({
    ask: (sql: string) => opened.query<Record<string, string>>(sql),
    [Symbol.asyncDispose]: () => opened.close(),
  }));
  const shown = await Promise.all([1, 2].map(() => serial.ask("show max_parallel_workers_per_gather")));
  expect(shown.map(({ rows }) => rows)).toEqual([1, 2].map(() => [{ max_parallel_workers_per_gather: "0" }]));
  const { rows } = await admin.query("show max_parallel_workers_per_gather");
  expect(rows).not.toEqual([{ max_parallel_workers_per_gather: "0" }]);
});
