import { hash, randomUUID } from "node:crypto";
import { EMPTY_CHAIN, recordHash, whyBroken } from "@bellwether/contract/audit/record-hash";
import { drizzle, sql } from "@bellwether/postgres/drizzle/drizzle";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { visitedRows } from "../../../test/visited-rows.ts";
import type { AuditQuery } from "../../domain/audit/audit-query.ts";
import { openDatabase } from "../database.ts";
import { appendEvents, appendingSql, chainHead } from "./audit-events.ts";
import { queryEvents, recordsAfter, rowsFrom } from "./audit-records.ts";

let cluster: PostgresServer;
let pool: PostgresPool;
beforeAll(async () => {
  cluster = await usePostgres();
  const url = await cluster.createDatabase();
  await (await openDatabase(url)).close();
  pool = await openPostgres(url, { max: 1 });
  // One event per second. One of a thousand has its own kind, another one its own actor.
  await pool.query(`
    insert into bellwether.audit_event
    select i, gen_random_uuid(), case when i % 1000 = 1 then 'rare' else 'common' end,
      case when i % 1000 = 2 then 'jo' else 'ml-service' end, 'S' || i % 1000, i * 1000000, 0, '{}', '', '', ''
    from generate_series(1::bigint, ${EVENTS}) i`);
  await pool.query("update bellwether.audit_head set sequence = $1", [EVENTS]);
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

test.each([1, 25_000, EVENTS])("a part of the log from record %d on reads only a few records", async (sequence) => {
  expect(await visitedRows(pool, (db) => rowsFrom(db, sequence, LIMIT))).toBeLessThanOrEqual(2 * LIMIT);
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
        sql`with ${appendingSql(event(i), BigInt(i), sql`true`)} select sequence from appended`,
      );
      return rowCount;
    }),
  );
  expect((await Promise.all(appended)).reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(72);
  const records = await recordsAfter(database.db, 0, 100);
  expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 72 }, (_, i) => i + 1));
  let before = { sequence: 0, hash: "0".repeat(64) };
  for (const record of records) {
    expect(whyBroken(record, before)).toBeNull();
    before = record;
  }
  expect(await chainHead(database.db)).toMatchObject({ sequence: 72, hash: before.hash });
  await database.close();
});

test("records of this release and of the one before it are one chain, also while both run", async () => {
  const url = await cluster.createDatabase();
  const database = await openDatabase(url);
  const eventOf = (i: number) => ({
    ...{ eventId: randomUUID(), kind: "prediction.served", actor: "a", subject: `S${i}` },
    ...{ occurredUs: BigInt(i), payload: '{"a":1}' },
  });
  // The statement of the earlier release, which does not know the new columns.
  const appendFormer = (i: number) =>
    database.inTransaction(async ({ db }) => {
      await db.execute(sql`select * from bellwether.audit_head for update`);
      const { sequence, hash: previousHash } = await chainHead(db);
      const unhashed = {
        ...{ ...eventOf(i), hashVersion: 1, sequence: sequence + 1, previousHash, recordedUs: 7n, recordedBy: null },
        payloadHash: hash("sha256", '{"a":1}'),
      };
      const own = recordHash(unhashed);
      const { eventId, kind, actor, subject, payload, payloadHash } = unhashed;
      await db.execute(sql`
        insert into bellwether.audit_event
          (sequence, event_id, kind, actor, subject, occurred_us, recorded_us, payload, payload_hash, previous_hash, hash)
        values (${sequence + 1}, ${eventId}::uuid, ${kind}, ${actor}, ${subject}, ${String(i)}::bigint, 7, ${payload},
          ${payloadHash}, ${previousHash}, ${own})`);
      await db.execute(sql`update bellwether.audit_head set sequence = ${sequence + 1}, hash = ${own}`);
    });
  for (let i = 1; i <= 4; i++) await appendFormer(i);
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0
        ? appendFormer(10 + i)
        : database.inTransaction(({ db }) => appendEvents(db, [eventOf(10 + i)], 7n, "ml-service")),
    ),
  );
  const rows = await rowsFrom(database.db, 1, 100);
  let before = EMPTY_CHAIN;
  for (const row of rows) {
    expect(whyBroken(row, before)).toBeNull();
    before = row;
  }
  expect(rows.map(({ hashVersion }) => hashVersion).filter((version) => version === 2)).toHaveLength(10);
  expect(rows.map(({ recordedBy }) => recordedBy).slice(0, 4)).toEqual([null, null, null, null]);
  await database.close();
});
