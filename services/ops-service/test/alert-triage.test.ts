import { randomUUID } from "node:crypto";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { decideOnAlert } from "../src/domain/alerts/triage-alert.ts";
import { createTriage } from "../src/store/alerts/alert-triage.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let cluster: PostgresServer;
let database: Database;
let pool: Awaited<ReturnType<typeof openPostgres>>;
let alertIds: string[];

beforeAll(async () => {
  cluster = await usePostgres();
  const url = await cluster.createDatabase();
  {
    await using ops = await startOps(url);
    await runWeek(ops, "2025-W01", [
      { id: "s1", score: 0.9 },
      { id: "s2", score: 0.9 },
      { id: "s3", score: 0.9 },
    ]);
  }
  database = await openDatabase(url);
  pool = await openPostgres(url, { max: 2 });
  alertIds = (await pool.query<{ id: string }>("select id from bellwether.alert order by id")).rows.map(({ id }) => id);
});
afterAll(async () => {
  await pool?.close();
  await database?.close();
  await cluster?.[Symbol.asyncDispose]();
});

/** Comments on an alert. Before its first `changes` writes, another transaction changes the alert. */
async function comment(alertId: string, changes: number): Promise<number> {
  const inTriage = createTriage(database.triage, { recordNotices: false, now: () => new Date(), newId: randomUUID });
  let attempts = 0;
  await inTriage(undefined, async (transaction) => {
    await decideOnAlert(
      {
        ...transaction,
        async write(change, event) {
          if (attempts++ < changes)
            await pool.query("update bellwether.alert set signals = signals + 1 where id = $1", [alertId]);
          await transaction.write(change, event);
        },
      },
      {
        ...{ alertId, version: 1, actor: "ana", now: new Date(), coolDownWeeks: 2 },
        ...{ longestDays: { snooze: 366, override: 366, accepted: 731 }, action: { kind: "comment", note: "seen" } },
      },
    );
  });
  return attempts;
}

const stored = async (alertId: string) =>
  (
    await pool.query(
      `select a.version::int, a.signals::int,
         (select count(*)::int from bellwether.alert_event e where e.alert_id = a.id and e.kind = 'commented') as comments,
         (select count(*)::int from bellwether.audit_event u where u.subject = a.id::text) as audited
       from bellwether.alert a where a.id = $1`,
      [alertId],
    )
  ).rows[0];

test("an action on an alert that changes meanwhile begins again, keeps the change, and is stored once", async () => {
  const [alertId = ""] = alertIds;
  expect(await comment(alertId, 1)).toBe(2);
  expect(await stored(alertId)).toEqual({ version: 2, signals: 2, comments: 1, audited: 1 });
});

test("an action on an alert that changes each time locks it in the end", async () => {
  const [, alertId = ""] = alertIds;
  expect(await comment(alertId, 3)).toBe(4);
  expect(await stored(alertId)).toEqual({ version: 2, signals: 4, comments: 1, audited: 1 });
});

test("an action that waits for a change which is not committed yet begins again, and keeps that change", async () => {
  const [, , alertId = ""] = alertIds;
  const other = await pool.connect();
  await other.query("begin");
  await other.query("update bellwether.alert set signals = signals + 1 where id = $1", [alertId]);
  const attempts = comment(alertId, 0);
  await vi.waitFor(async () => {
    const { rowCount } = await pool.query("select from pg_locks where locktype = 'transactionid' and not granted");
    expect(rowCount).toBe(1);
  });
  await other.query("commit");
  other.release();
  expect(await attempts).toBe(2);
  expect(await stored(alertId)).toEqual({ version: 2, signals: 2, comments: 1, audited: 1 });
});
