import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import {
  installKafkaTools,
  type MockCluster,
  readTopics,
  startMockCluster,
} from "@bellwether/testing/kafka/kafka-tools";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type ExportConfig, runExports } from "../src/exports/run-exports.ts";
import { createExportLog } from "../src/store/exports/event-exports.ts";
import { createSettledAlerts } from "../src/store/exports/settled-alerts.ts";
import { type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 120_000 });
const SLOWLY = { timeout: 60_000, interval: 50 };
const tools = await installKafkaTools();
let postgres: PostgresServer;
let kafka: MockCluster | undefined;
beforeAll(async () => {
  postgres = await usePostgres();
  if (!("missing" in tools)) kafka = await startMockCluster(tools, ["ops.audit", "ops.alerts"]);
}, 400_000);
afterAll(async () => {
  await kafka?.[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "ops-exports-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
async function appendAudit({ audit }: OpsHarness, ids: readonly string[]): Promise<void> {
  const occurredAt = timestampFromMs(Date.now());
  const event = { kind: "prediction.served", actor: "ada", subject: "S-1", occurredAt, payloadJson: '{"a":1}' };
  async function* once() {
    yield { events: ids.map((eventId) => ({ eventId, ...event })) };
  }
  await audit.appendEvents(once());
}
const uuids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());
const twoAlerts = [
  { id: "S-1", score: 0.95 },
  { id: "S-2", score: 0.99 },
  { id: "S-3", score: 0.1 },
];

test("alerts and audit events are in Kafka exactly once by id, also when a pass is repeated after a failure", async (context) => {
  if (!kafka || "missing" in tools) return context.skip("confluent-kafka is not installed");
  const url = await postgres.createDatabase();
  const topics = { audit: "ops.audit", alerts: "ops.alerts" };
  const settings = (brokers: string): ExportConfig => ({
    kafka: { topics, connection: { clientId: "test", brokers: [brokers], tls: null, sasl: null } },
    ...{ scratch: os.tmpdir(), everyMs: 50, leaseMs: 500 },
  });
  const ids = uuids(1_200);
  {
    await using ops = await startOps(url, { exports: settings("127.0.0.1:1") });
    await appendAudit(ops, ids.slice(0, 500));
    await appendAudit(ops, ids.slice(500, 1_000));
    await appendAudit(ops, ids.slice(1_000));
    await runWeek(ops, "2026-W40", twoAlerts);
    expect((await fetch(`${ops.adminUrl}/readyz`)).status).toBe(200);
  }
  await using ops = await startOps(url, { exports: settings(kafka.brokers) });
  await runWeek(ops, "2026-W41", [...twoAlerts, { id: "S-4", score: 0.97 }]);
  const { alerts } = await ops.alerts.listAlerts({ pageSize: 10 });
  const expected = alerts.length;
  expect(expected).toBeGreaterThanOrEqual(3);
  const { records } = await ops.audit.queryEvents({ pageSize: 500 });
  const own = records.flatMap(({ event }) => (event && event.kind !== "prediction.served" ? [event.eventId] : []));
  const all = [...ids, ...own].toSorted();
  const audit = await readTopics(tools, {
    brokers: kafka.brokers,
    topics: [topics.audit],
    ids: all.length,
    seconds: 60,
  });
  expect(audit.map(({ value }) => value.id).toSorted()).toEqual(all);
  expect(audit.find(({ value }) => value.id === ids[0])).toMatchObject({
    key: "S-1",
    value: {
      ...{ source: "/bellwether/ops-service/audit", type: "bellwether.prediction.served", subject: "S-1" },
      data: { actor: "ada", payload: { a: 1 }, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    },
  });
  const raised = await readTopics(tools, {
    brokers: kafka.brokers,
    topics: [topics.alerts],
    ids: expected,
    seconds: 60,
  });
  expect(raised.map(({ key, value }) => [key, value.type])).toEqual(
    expect.arrayContaining([
      ["S-1", "bellwether.alert.raised"],
      ["S-2", "bellwether.alert.raised"],
      ["S-4", "bellwether.alert.raised"],
    ]),
  );
  expect(new Set(raised.map(({ value }) => value.id)).size).toBe(raised.length);
});

test("the archive has each event of an hour that ended once, as Parquet that DuckDB reads", async () => {
  const url = await postgres.createDatabase();
  const folder = await tempFolder();
  const archive = path.join(folder, "archive");
  const exports: ExportConfig = {
    archive: {
      url: `file:${archive}`,
      azure: { account: null, connectionString: null, accountKey: null, sasToken: null },
    },
    ...{ scratch: path.join(folder, "scratch"), everyMs: 50, leaseMs: 500 },
  };
  let nowMs = Date.UTC(2026, 10, 29, 12, 30);
  const now = () => new Date(nowMs);
  await using ops = await startOps(url, { now });
  const pool = await openPostgres(url, { applicationName: "test", statementTimeoutMs: 30_000 });
  onTestFinished(() => pool.close(1_000));
  const problems: string[] = [];
  await using _running = await runExports(exports, {
    ...{ db: drizzle(pool), now: () => nowMs, onDropped: () => {} },
    onPass: ({ problem }) => void (problem === null || problems.push(problem)),
  });
  const ids = uuids(30);
  await appendAudit(ops, ids.slice(0, 20));
  nowMs = Date.UTC(2026, 10, 29, 13, 5);
  await appendAudit(ops, ids.slice(20));
  const files = async () =>
    (await readdir(archive, { recursive: true }).catch(() => [])).filter((name) => name.endsWith(".parquet"));
  await vi.waitFor(async () => expect(await files()).toHaveLength(1), SLOWLY);
  expect(await files()).toEqual(["audit/date=2026-11-29/hour=12/00000000000000000001-00000000000000000020.parquet"]);
  nowMs = Date.UTC(2026, 10, 29, 14, 10);
  await vi.waitFor(async () => expect(await files()).toHaveLength(2), SLOWLY);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(
    `select id, type, subject, sequence::int as sequence, data->>'$.payload.a' as a, hour::int as hour, typeof(time) as time
     from read_parquet('${archive}/audit/**/*.parquet', hive_partitioning = true) order by sequence`,
  );
  const rows = read.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  expect(rows.map(({ id }) => id)).toEqual(ids);
  expect(rows[20]).toEqual({
    ...{ id: ids[20], type: "bellwether.prediction.served", subject: "S-1", sequence: 21, a: "1", hour: 13 },
    time: "TIMESTAMP WITH TIME ZONE",
  });
  await vi.waitFor(async () => expect(await readdir(path.join(folder, "scratch"))).toEqual([]), SLOWLY);
  expect(problems).toEqual([]);
});

test("an archive that cannot be opened is in /readyz with its reason, and Kafka gets the events", async (context) => {
  if (!kafka || "missing" in tools) return context.skip("confluent-kafka is not installed");
  const url = await postgres.createDatabase();
  const blocker = path.join(await tempFolder(), "file");
  await writeFile(blocker, "");
  const exports: ExportConfig = {
    kafka: {
      topics: { audit: "ops.audit", alerts: "ops.alerts" },
      connection: { clientId: "test", brokers: [kafka.brokers], tls: null, sasl: null },
    },
    archive: {
      url: `file:${path.join(blocker, "arch")}`,
      azure: { account: null, connectionString: null, accountKey: null, sasToken: null },
    },
    ...{ scratch: os.tmpdir(), everyMs: 50, leaseMs: 500 },
  };
  await using ops = await startOps(url, { exports });
  await appendAudit(ops, uuids(3));
  const pool = await openPostgres(url, { applicationName: "test", statementTimeoutMs: 30_000 });
  onTestFinished(() => pool.close(1_000));
  const log = createExportLog(drizzle(pool));
  await vi.waitFor(async () => {
    const ready = await fetch(`${ops.adminUrl}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.text()).toMatch(/archive does not take events of audit: ENOTDIR/);
    expect(await log.readBacklog("kafka", "audit")).toMatchObject({ events: 0 });
  }, SLOWLY);
  expect(await log.readBacklog("archive", "audit")).toMatchObject({ events: 3 });
});

test("an entry of an alert is not exported before the entries of transactions that began earlier", async () => {
  const url = await postgres.createDatabase();
  await using ops = await startOps(url);
  await runWeek(ops, "2026-W40", twoAlerts);
  const pool = await openPostgres(url, { applicationName: "test", statementTimeoutMs: 30_000 });
  onTestFinished(() => pool.close(1_000));
  const log = createExportLog(drizzle(pool));
  const positions = async () => (await log.read("alerts", 0, 100)).map(({ position }) => position);
  await vi.waitFor(async () => expect(await positions()).toHaveLength(2), SLOWLY);
  const insert = `insert into bellwether.alert_event (alert_id, kind, occurred_at, actor)
    select id, 'commented', now(), 'ada' from bellwether.alert limit 1 returning id::int`;
  const slow = await pool.connect();
  const fast = await pool.connect();
  await slow.query("begin");
  const first = (await slow.query(insert)).rows[0].id;
  const second = (await fast.query(insert)).rows[0].id;
  fast.release();
  expect(second).toBeGreaterThan(first);
  for (let i = 0; i < 5; i++) expect(await positions()).not.toContain(second);
  await slow.query("commit");
  slow.release();
  await vi.waitFor(async () => expect(await positions()).toEqual(expect.arrayContaining([first, second])), SLOWLY);
  expect((await positions()).slice(-2)).toEqual([first, second]);
});

test("a sink whose answer is late gets no entry before the entries of transactions that began earlier", async () => {
  const url = await postgres.createDatabase();
  await using ops = await startOps(url);
  await runWeek(ops, "2026-W40", twoAlerts);
  const pool = await openPostgres(url, { applicationName: "test", statementTimeoutMs: 30_000 });
  onTestFinished(() => pool.close(1_000));
  const db = drizzle(pool);
  let late: PromiseWithResolvers<void> | undefined;
  const slowDb = new Proxy(db, {
    get: (target, name) =>
      name !== "execute"
        ? Reflect.get(target, name)
        : async (query: Parameters<typeof db.execute>[0]) => {
            const [wait, answer] = [late, await target.execute(query)];
            await wait?.promise;
            return answer;
          },
  });
  const readSettled = createSettledAlerts(slowDb);
  const insert = `insert into bellwether.alert_event (alert_id, kind, occurred_at, actor)
    select id, 'commented', now(), 'ada' from bellwether.alert limit 1 returning id::int`;
  expect(await readSettled()).toBe(0);
  const running = "select from (select pg_current_snapshot() as s) c where pg_snapshot_xmin(s) < pg_snapshot_xmax(s)";
  await vi.waitFor(async () => expect((await pool.query(running)).rowCount).toBe(0), SLOWLY);
  const { rows } = await pool.query("select max(id)::int as id from bellwether.alert_event");
  late = Promise.withResolvers();
  const answered = late;
  const lateAnswer = readSettled();
  late = undefined;
  const open = await pool.connect();
  await open.query("begin");
  await open.query(insert);
  await pool.query(insert);
  // The other sink sees the new entry, whose transaction began after one that is open.
  expect(await readSettled()).toBe(rows[0].id);
  answered.resolve();
  expect(await lateAnswer).toBe(rows[0].id);
  await open.query("rollback");
  open.release();
});

test("one process at a time has a log; a cursor of an earlier claim moves nothing", async () => {
  const url = await postgres.createDatabase();
  await using _ops = await startOps(url);
  const pool = await openPostgres(url, { applicationName: "test", statementTimeoutMs: 30_000 });
  onTestFinished(() => pool.close(1_000));
  const log = createExportLog(drizzle(pool));
  const first = await log.claim("kafka", "audit", 1);
  const second = await vi.waitFor(async () => {
    const claimed = await log.claim("kafka", "audit", 60_000);
    expect(claimed).not.toBeNull();
    return claimed;
  }, SLOWLY);
  expect(await log.claim("kafka", "audit", 60_000)).toBeNull();
  if (!first || !second) throw new Error("not claimed");
  expect(await log.advance(first, 7)).toBe(false);
  expect(await log.plan(first, 7)).toBe(false);
  expect(await log.advance(second, 5)).toBe(true);
  expect(await log.claim("kafka", "audit", 60_000)).toMatchObject({ position: 5, plannedEnd: null });
});
