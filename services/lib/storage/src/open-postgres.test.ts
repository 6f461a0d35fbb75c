import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import type { Sql } from "postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openPostgres } from "./open-postgres.ts";
import { passingFault } from "./passing-fault.ts";

let cluster: PostgresCluster;
let admin: Sql;
let sql: Sql;
beforeAll(async () => {
  cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  admin = await openPostgres(url, { max: 1, applicationName: "admin" });
  sql = await openPostgres(url, { max: 2, applicationName: "victim" });
});
afterAll(async () => {
  await sql?.end({ timeout: 1 });
  await admin?.end({ timeout: 1 });
  await cluster?.[Symbol.asyncDispose]();
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
  await sql`create table copied (n int)`;
  await sql`create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$`;
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
