import { randomUUID } from "node:crypto";
import { drizzle, sql } from "@bellwether/postgres/drizzle/drizzle";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { visitedRows } from "../../../test/visited-rows.ts";
import { isLinked } from "../../domain/audit/audit-chain.ts";
import type { AuditQuery } from "../../domain/audit/audit-query.ts";
import { openDatabase } from "../database.ts";
import { appendEvents, appendingSql, chainHead, queryEvents, recordsAfter } from "./audit-events.ts";

let cluster: PostgresCluster;
let pool: PostgresPool;
beforeAll(async () => {
  cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  await (await openDatabase(url)).close();
  pool = await openPostgres(url, { max: 1 });
  // One event per second. One of a thousand has its own kind, another one its own actor.
  await pool.query(`
    insert into bellwether.audit_event
    select i, gen_random_uuid(), case when i % 1000 = 1 then 'rare' else 'common' end,
      case when i % 1000 = 2 then 'jo' else 'ml-service' end, 'S' || i % 1000, i * 1000000, 0, '{}', '', '', ''
    from generate_series(1::bigint, ${EVENTS}) i`);
  await pool.query("analyze bellwether.audit_event");
});
afterAll(async () => {
  await pool?.close();
  await cluster?.[Symbol.asyncDispose]();
});

const EVENTS = 50_000;
const LIMIT = 100;
const second = (of: number): bigint => BigInt(of) * 1_000_000n;

test.each<[string, AuditQuery, number]>([
  ["nothing", {}, LIMIT],
  ["a common kind", { kind: "common" }, LIMIT],
  ["a rare kind", { kind: "rare" }, 50],
  ["a subject", { subject: "S7" }, 50],
  ["a busy actor", { actor: "ml-service" }, LIMIT],
  ["a rare actor", { actor: "jo" }, 50],
  ["an unknown actor", { actor: "nobody" }, 0],
  ["a late start", { fromUs: second(EVENTS - 10) }, 11],
  ["an early end", { toUs: second(1_000) }, LIMIT],
  ["an hour in between", { fromUs: second(20_000), toUs: second(23_600) }, LIMIT],
  ["an hour without events", { fromUs: second(90_000), toUs: second(93_600) }, 0],
  ["a kind in the first half", { kind: "common", toUs: second(EVENTS / 2) }, LIMIT],
  ["an actor in an hour", { actor: "jo", fromUs: second(20_000), toUs: second(23_600) }, 4],
  ["a later page", { kind: "common", after: { occurredUs: second(500), sequence: 500 } }, LIMIT],
])("a page filtered by %s reads only a few records", async (_what, filter, rows) => {
  expect(await queryEvents(drizzle(pool), filter, LIMIT)).toHaveLength(rows);
  expect(await visitedRows(pool, (db) => queryEvents(db, filter, LIMIT))).toBeLessThanOrEqual(2 * LIMIT);
});

test("events that are appended in SQL and by the service at the same time are one chain", async () => {
  const url = await cluster.createDatabase();
  const database = await openDatabase(url);
  const event = (i: number) => ({
    ...{ eventId: randomUUID(), kind: "alert.commented", actor: ["jo", "Zoë 🏭", ""][i % 3] ?? "" },
    ...{
      subject: `s/${i}:é`,
      occurredUs: BigInt(i) - 5n,
      payload: i % 4 === 0 ? "" : JSON.stringify({ note: `'ß${i}` }),
    },
  });
  const appended = Array.from({ length: 60 }, (_, i) =>
    database.inTransaction(async ({ db }) => {
      if (i % 5 === 0) return appendEvents(db, [event(i), event(i + 1_000)], 7n);
      const { rowCount } = await db.execute(
        sql`with ${appendingSql(event(i), BigInt(i))} select sequence from appended`,
      );
      return rowCount;
    }),
  );
  expect((await Promise.all(appended)).reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(72);
  const records = await recordsAfter(database.db, 0, 100);
  expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 72 }, (_, i) => i + 1));
  let before = { sequence: 0, hash: "0".repeat(64) };
  for (const record of records) {
    expect(isLinked(record, before)).toBe(true);
    before = record;
  }
  expect(await chainHead(database.db)).toMatchObject({ sequence: 72, hash: before.hash });
  await database.close();
});
