import { type Alert, AlertState, AlertTrend, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { testChunk } from "./ops-harness.ts";

/** Three parts of at most 200 alerts. */
const ALERTS = 450;
const FIRST_PART = 200;
const TIMEOUT_MS = 60_000;
const reason = "the wrong file";

let cluster: PostgresServer;
let databaseUrl: string;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());
beforeEach(async () => {
  databaseUrl = await cluster.createDatabase();
});

async function start() {
  const service = await startService("ops-service", { DATABASE_URL: databaseUrl });
  onTestFinished(() => service[Symbol.asyncDispose]());
  const transport = createGrpcTransport({ baseUrl: service.grpc });
  const alerts = createClient(AlertService, transport);
  const batch = createClient(BatchService, transport);
  /** Sends a week in which every supplier has the score, and returns the call that completes it. */
  const submit = async (isoWeek: string, score: number) => {
    const { lease } = await batch.startRun({ isoWeek, modelName: "supplier-risk", holder: "test" });
    const rows = Array.from({ length: ALERTS }, (_, i) => ({ id: `s${i}`, score }));
    await batch.submitChunk(testChunk(lease, 0, rows));
    const totals = { rowsRead: BigInt(ALERTS), rowsRejected: 0n, chunksTotal: 1 };
    return () => batch.completeRun({ ...(lease && { lease }), ...totals }, { timeoutMs: TIMEOUT_MS });
  };
  const find = async (alertId: string): Promise<Partial<Alert>> => (await alerts.getAlert({ alertId })).alert ?? {};
  return { process: service.process, alerts, batch, submit, find };
}

async function openDatabase() {
  const pool = await openPostgres(databaseUrl, { max: 3 });
  onTestFinished(() => pool.close());
  const count = async (sql: string): Promise<number> => (await pool.query(sql)).rows[0].count;
  return {
    pool,
    /** The alerts in the order in which they are written. */
    ids: async (): Promise<string[]> =>
      (await pool.query("select id from bellwether.alert order by id")).rows.map(({ id }) => id),
    pending: () => count("select count(*)::int from bellwether.alert_values_pending"),
    withScore: (score: number) => count(`select count(*)::int from bellwether.alert where risk_score = ${score}`),
    /** Waits until a transaction of the service waits for the lock on an alert. */
    untilBlocked: () =>
      vi.waitFor(
        async () =>
          expect(
            await count(`select count(*)::int from pg_stat_activity where wait_event_type = 'Lock'
              and application_name = 'ops-service-runs' and datname = current_database()`),
          ).toBe(1),
        { timeout: TIMEOUT_MS, interval: 50 },
      ),
  };
}

test("decisions do not wait for the values of a run, and are kept when the values are written", {
  timeout: 2 * TIMEOUT_MS,
}, async () => {
  const { alerts, submit, find } = await start();
  const { pool, ids, pending, untilBlocked, withScore } = await openDatabase();
  await (await submit("2026-W01", 0.9))();
  expect([await withScore(0.9), await pending()]).toEqual([ALERTS, 0]);
  const all = await ids();
  const [first = "", ...others] = [all[0], ...all.slice(FIRST_PART)];
  const [taken = "", resolved = "", snoozed = "", untouched = ""] = others;
  const complete = await submit("2026-W02", 0.96);
  const blocker = await pool.connect();
  await blocker.query("begin");
  await blocker.query("select from bellwether.alert where id = $1 for no key update", [first]);
  const completing = complete();
  await untilBlocked();
  // The run is complete, and its values are not written: the alerts have those that the person saw.
  expect(await pending()).toBe(3);
  expect(await find(taken)).toMatchObject({ riskScore: 0.9, lastWeek: "2026-W01", version: 1n });
  await alerts.acknowledgeAlert({ alertId: taken, version: 1n });
  await alerts.resolveAlert({ alertId: resolved, version: 1n, disposition: Disposition.MITIGATED });
  await alerts.snoozeAlert({ alertId: snoozed, version: 1n, untilWorse: true });
  await blocker.query("rollback");
  blocker.release();
  expect((await completing).run).toMatchObject({ state: RunState.COMPLETE, alertsRaised: 0 });
  expect([await pending(), await withScore(0.96)]).toEqual([0, ALERTS - 1]);
  const ofRun = { riskScore: 0.96, lastWeek: "2026-W02", trend: AlertTrend.WORSE };
  expect(await find(untouched)).toMatchObject({ ...ofRun, version: 1n, state: AlertState.OPEN });
  expect(await find(taken)).toMatchObject({ ...ofRun, version: 2n, state: AlertState.ACKNOWLEDGED });
  expect(await find(resolved)).toMatchObject({ riskScore: 0.9, version: 2n, state: AlertState.RESOLVED });
  // The rules end the snooze, as for an alert that was snoozed before the run.
  expect(await find(snoozed)).toMatchObject({ ...ofRun, version: 2n });
  expect((await find(snoozed)).snooze).toBeUndefined();
});

test("kill -9 after a run is complete: the values that are not written are written by the next start, once, and can be withdrawn", {
  timeout: 3 * TIMEOUT_MS,
}, async () => {
  const killed = await start();
  const { pool, ids, pending, untilBlocked, withScore } = await openDatabase();
  await (await killed.submit("2026-W01", 0.9))();
  const second = (await ids())[FIRST_PART] ?? "";
  const complete = await killed.submit("2026-W02", 0.96);
  const blocker = await pool.connect();
  await blocker.query("begin");
  await blocker.query("select from bellwether.alert where id = $1 for no key update", [second]);
  const completing = complete().then(
    () => "done",
    () => "failed",
  );
  await untilBlocked();
  expect([await pending(), await withScore(0.96)]).toEqual([2, FIRST_PART]);
  killed.process.kill("SIGKILL");
  expect(await completing).toBe("failed");
  await blocker.query("rollback");
  blocker.release();
  expect((await pool.query("select state from bellwether.run order by id")).rows).toEqual([
    { state: "complete" },
    { state: "complete" },
  ]);

  const { batch, alerts } = await start();
  expect([await pending(), await withScore(0.96)]).toEqual([0, ALERTS]);
  const { totalSize } = await alerts.listAlerts({ trend: AlertTrend.WORSE });
  expect(totalSize).toBe(ALERTS);
  const { rows } = await pool.query("select distinct version::int, signals::int from bellwether.alert");
  expect(rows).toEqual([{ version: 1, signals: 2 }]);
  const { run } = await batch.getRun({ isoWeek: "2026-W02" });
  await batch.voidRun({ runId: run?.runId ?? 0, reason });
  expect(await withScore(0.9)).toBe(ALERTS);
});

test("a run whose values were not written can be voided, or followed by another one", {
  timeout: 2 * TIMEOUT_MS,
}, async () => {
  const { submit, batch } = await start();
  const { pool, pending, withScore } = await openDatabase();
  await (await submit("2026-W01", 0.9))();
  const { run } = await (await submit("2026-W02", 0.96))();
  /** Takes the written values back, as if the process had been killed before. */
  const asKilled = async () => {
    await pool.query(
      `with part as (
         insert into bellwether.alert_values_pending (run_id, values)
         select $1, jsonb_agg(to_jsonb(a) || jsonb_build_object('seen_version', version, 'seen_run_id', raised_run_id)) from bellwether.alert a
       ) update bellwether.alert a set risk_score = 0.9, last_run_id = raised_run_id, signals = 1`,
      [run?.runId],
    );
    expect([await pending(), await withScore(0.9)]).toEqual([1, ALERTS]);
  };
  await asKilled();
  await (await submit("2026-W03", 0.97))();
  expect([await pending(), await withScore(0.97)]).toEqual([0, ALERTS]);
  const { rows } = await pool.query("select distinct signals::int, score_change from bellwether.alert");
  expect(rows).toEqual([{ signals: 3, score_change: expect.closeTo(0.01) }]);
  const latest = await batch.getRun({ isoWeek: "2026-W03" });
  await batch.voidRun({ runId: latest.run?.runId ?? 0, reason });
  expect(await withScore(0.96)).toBe(ALERTS);
  await asKilled();
  await batch.voidRun({ runId: run?.runId ?? 0, reason });
  expect([await pending(), await withScore(0.9)]).toEqual([0, ALERTS]);
});
