import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { openPostgres } from "./open-postgres.ts";
import { passingFault } from "./passing-fault.ts";
import { giveTo, serverUser } from "./server-files.ts";

let server: EmbeddedPostgres;
let settings: Record<string, string> = {};
let folder = "";
let admin: Sql;
let sql: Sql;

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Settings of a server with TLS, with a certificate that nobody vouches for. */
async function tlsSettings(): Promise<Record<string, string>> {
  const [key, cert] = [path.join(folder, "server.key"), path.join(folder, "server.pem")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  execFileSync("openssl", [...request, "-subj", "/CN=localhost", "-keyout", key, "-out", cert], { stdio: "ignore" });
  await giveTo(key, serverUser());
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
  await admin?.end({ timeout: 1 });
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Cuts every connection of the victim, once one of them runs a query of these words. */
async function cutWhile(words: string): Promise<void> {
  const busy = async () =>
    expect(
      await admin`select from pg_stat_activity where application_name = 'victim' and state = 'active' and query like ${`%${words}%`}`,
    ).toHaveLength(1);
  await vi.waitFor(busy, { timeout: 10_000 });
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'`;
}

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  );

const proveConnections = (query: string, isEncrypted: boolean) => () => {
  beforeAll(async () => {
    sql = await openPostgres(server.url + query, { max: 2, applicationName: "victim" });
  });
  afterAll(() => sql?.end({ timeout: 1 }));

  test("is what the URL asks for", async () => {
    expect(await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`).toEqual([{ ssl: isEncrypted }]);
  });

  test.each<[string, () => PromiseLike<unknown>]>([
    ["a query", () => sql`select pg_sleep(60)`],
    ["a transaction", () => sql.begin((tx) => tx`select pg_sleep(60)`)],
    ["a transaction in a transaction", () => sql.begin((tx) => tx.savepoint((inner) => inner`select pg_sleep(60)`))],
    [
      "a transaction that holds on to its error",
      () => sql.begin(async (tx) => [await tx`select pg_sleep(60)`.catch(() => []), await tx`select 1`]),
    ],
  ])("%s whose connection is cut fails, and the pool goes on", async (_what, work) => {
    const failed = failureOf(work());
    await cutWhile("pg_sleep");
    expect(passingFault(await failed)).toBeDefined();
    const again = () => Promise.all(Array.from({ length: 5 }, () => sql.begin((tx) => tx`select 1`)));
    await vi.waitFor(again, { timeout: 10_000 });
  });

  test("a COPY whose connection is cut fails, and the pool goes on", async () => {
    await sql`drop table if exists copied`;
    await sql`create table copied (n int)`;
    await sql`create or replace function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$`;
    await sql`create trigger slow before insert on copied for each row execute function slow()`;
    const copied = failureOf(
      sql.begin(async (tx) => {
        const target = await tx`copy copied from stdin`.writable();
        await new Promise((resolve, reject) => {
          target.on("error", reject).on("finish", resolve).end("1\n");
        });
      }),
    );
    await cutWhile("copy copied");
    expect(passingFault(await copied)).toBeDefined();
    const empty = async () => expect(await sql`select from copied`).toEqual([]);
    await vi.waitFor(empty, { timeout: 10_000 });
  });

  test("while the server is away more queries than the pool has connections fail, and it goes on within 2 s when it is back", async () => {
    await withoutServer(async () => {
      for (let refused = 0; refused < 5; ) {
        const fault = passingFault(await failureOf(sql`select 1`));
        expect(fault).toBeDefined();
        if (fault && "code" in fault && fault.code === "ECONNREFUSED") refused++;
        // A query that fails before it is sent must not keep the event loop from the connections that are being made.
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const again = () => Promise.all([1, 2, 3].map(() => sql`select 1`));
    // A connection that was cut while it was busy fails one more query, with the error that it got then.
    await vi.waitFor(again, { timeout: 2_000 });
  });
};

/** Stops the server for as long as `meanwhile` runs; it comes back at the same port. */
async function withoutServer(meanwhile: () => Promise<void>): Promise<void> {
  await server.stop();
  await meanwhile();
  const port = Number(new URL(server.url).port);
  server = await startEmbeddedPostgres({ dir: path.join(folder, "data"), settings, port });
}

describe("connections in the clear", proveConnections("", false));
describe.skipIf(!hasOpenssl())(
  "connections under TLS (skipped where there is no openssl)",
  proveConnections("?sslmode=require", true),
);

describe("arrays as parameters", () => {
  beforeAll(async () => {
    sql = await openPostgres(server.url, { max: 1 });
  });
  afterAll(() => sql?.end({ timeout: 1 }));

  test.each<[string, unknown[]]>([
    ["int", [0, -1, 2_147_483_647, null]],
    ["bigint", ["9007199254740993", "-1", null]],
    ["uuid", ["0d5ba8e9-6f0f-4b9c-8d43-3a3a0f6e5a11", null]],
    ["float8", [0.1, -0, 5e-324, 1.7976931348623157e308, null]],
    ["text", ["", " ", "null", "NULL", "{}", "a,b", '"', "\\", '\\"', "}'; drop table x; --", "\n\t", "é 😀", null]],
  ])("%s[] arrives as it was, element by element", async (type, elements) => {
    const rows = await sql.unsafe(`select e from unnest($1::${type}[]) with ordinality u(e, at) order by at`, [
      elements as string[],
    ]);
    expect(rows.map(({ e }) => e)).toEqual(elements.map((element) => (Object.is(element, -0) ? 0 : element)));
    expect(await sql.unsafe(`select cardinality($1::${type}[]) as n`, [[]])).toEqual([{ n: 0 }]);
  });

  test("an undefined element is refused before it is sent, and an array of another type by the server", async () => {
    await expect(sql.unsafe("select $1::text[]", [["a", undefined] as string[]])).rejects.toThrow("undefined");
    await expect(sql.unsafe("select $1::inet[]", [["::1"]])).rejects.toThrow("malformed array literal");
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
  });
});

test("connections that break at their first query fail those queries and nothing else", async () => {
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
  const pool = await openPostgres(url.href, { max: 4 });
  isCutting = true;
  const failures = await Promise.all([1, 2, 3, 4].map(() => failureOf(pool`select pg_sleep(0.1)`)));
  expect(failures.filter((failure) => passingFault(failure) === undefined)).toEqual([]);
  isCutting = false;
  await vi.waitFor(() => Promise.all([1, 2, 3, 4].map(() => pool`select pg_sleep(0.1)`)), { timeout: 10_000 });
  await pool.end({ timeout: 1 });
});

test.skipIf(!hasOpenssl())(
  "a certificate that is to be verified and cannot be is one line (skipped where there is no openssl)",
  async () => {
    const opened = openPostgres(`${server.url}?sslmode=verify-full`);
    await expect(opened).rejects.toThrow(
      /^PostgreSQL at postgres:\/\/127\.0\.0\.1:\d+\/postgres cannot be used: self[- ]signed certificate.*\. Start it, or correct DATABASE_URL$/,
    );
  },
);
