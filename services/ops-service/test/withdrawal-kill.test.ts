import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { testChunk } from "./ops-harness.ts";

const modelName = "supplier-risk";
const reason = "the wrong file";
const TIMEOUT_MS = 60_000;
const rows = (scores: Readonly<Record<string, number>>) => Object.entries(scores).map(([id, score]) => ({ id, score }));
const BEFORE = rows({ a: 0.3, old: 0.9, rest: 0.1 });
const WRONG = rows({ a: 0.95, old: 0.74, rest: 0.1 });

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

type Batch = ReturnType<typeof createClient<typeof BatchService>>;

/** Sends the chunk of a week, and returns the call that completes it. */
async function submit(batch: Batch, isoWeek: string, chunk: typeof BEFORE) {
  const { lease } = await batch.startRun({ isoWeek, modelName, holder: "test" });
  await batch.submitChunk(testChunk(lease, 0, chunk));
  return () => batch.completeRun({ ...(lease && { lease }), rowsRead: BigInt(chunk.length), chunksTotal: 1 });
}

test("kill -9 of ops-service or of PostgreSQL in the middle of a withdrawal leaves it whole or without a trace", {
  timeout: 4 * TIMEOUT_MS,
}, async () => {
  const databaseUrl = await cluster.createDatabase();
  const query = async (sql: string) => {
    const pool = await openPostgres(databaseUrl, { max: 1 });
    try {
      return (await pool.query(sql)).rows;
    } finally {
      await pool.close();
    }
  };
  /** Everything that a withdrawal changes. */
  const stored = () =>
    query(`select (select jsonb_agg(r order by r.id) from bellwether.run r) as runs,
      (select jsonb_agg(a order by a.id) from bellwether.alert a) as alerts,
      (select count(*) from bellwether.alert_event) as events, (select count(*) from bellwether.audit_event) as audited,
      (select jsonb_agg(c order by c.run_id, c.alert_id) from bellwether.alert_run_change c) as changes`);
  /** Waits until `call` needs the last lock of its transaction, then calls `kill` with the process id of its server. */
  const killInside = async (call: () => Promise<unknown>, kill: (backend: number) => Promise<void>): Promise<void> => {
    const blocker = await openPostgres(databaseUrl, { max: 1 });
    await blocker.query("begin");
    await blocker.query("select * from bellwether.audit_head for update");
    const before = await stored();
    const called = call().then(
      () => "done",
      () => "failed",
    );
    const waiting = () =>
      query(`select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%audit_head%'
        and application_name like 'ops-service%'`);
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(1), { timeout: TIMEOUT_MS, interval: 50 });
    const [{ pid } = { pid: 0 }] = await waiting();
    await kill(pid);
    await blocker.query("rollback").catch(() => {});
    await blocker.close().catch(() => {});
    expect(await called).toBe("failed");
    await vi.waitFor(async () => expect(await stored()).toEqual(before), { timeout: TIMEOUT_MS, interval: 200 });
  };
  const start = () => startService("ops-service", { DATABASE_URL: databaseUrl });
  const batchOf = ({ grpc }: { grpc: string }) => createClient(BatchService, createGrpcTransport({ baseUrl: grpc }));
  const killPostgres = async (backend: number) => void process.kill(backend, "SIGKILL");

  let ops = await start();
  try {
    let batch = batchOf(ops);
    const restart = async () => {
      await ops[Symbol.asyncDispose]();
      ops = await start();
      batch = batchOf(ops);
    };
    await (await submit(batch, "2025-W01", BEFORE))();
    const { run: wrong } = await (await submit(batch, "2025-W02", WRONG))();
    const runId = wrong?.runId ?? 0;
    const voiding = () => batch.voidRun({ runId, reason });
    await killInside(voiding, async () => void ops.process.kill("SIGKILL"));
    await restart();
    await killInside(voiding, killPostgres);
    const voided = await vi.waitFor(voiding, { timeout: TIMEOUT_MS, interval: 200 });
    expect(voided).toMatchObject({ alertsClosed: { count: 1 }, alertsRestored: { count: 1 }, latestWeek: "2025-W01" });

    const { run: first } = await (await submit(batch, "2025-W02", WRONG))();
    await batch.supersedeRun({ runId: first?.runId ?? 0, reason });
    const complete = await submit(batch, "2025-W02", BEFORE);
    const lease = await batch.startRun({ isoWeek: "2025-W02", modelName, holder: "test" });
    const again = () => batch.completeRun({ ...(lease.lease && { lease: lease.lease }), rowsRead: 3n, chunksTotal: 1 });
    await killInside(complete, async () => void ops.process.kill("SIGKILL"));
    await restart();
    await killInside(again, killPostgres);
    const { run } = await vi.waitFor(again, { timeout: TIMEOUT_MS, interval: 200 });
    expect(run).toMatchObject({ state: RunState.COMPLETE, revision: 3, changes: { scoresChanged: 2n } });
    const states = (await batch.listRuns({})).runs.map((one) => one.state);
    expect(states).toEqual([RunState.COMPLETE, RunState.SUPERSEDED, RunState.VOIDED, RunState.COMPLETE]);
    const { alerts } = await createClient(AlertService, createGrpcTransport({ baseUrl: ops.grpc })).listAlerts({});
    const bySupplier = alerts.map(({ supplierId, riskScore }) => `${supplierId} ${riskScore}`);
    expect(bySupplier.sort()).toEqual(["old 0.9"]);
  } finally {
    await ops[Symbol.asyncDispose]();
  }
});
