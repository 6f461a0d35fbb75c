import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { createLogger } from "@bellwether/telemetry/logger";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { failureOf, startOps, testChunk } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const logger = createLogger({ name: "ops", level: "silent" });
const PATIENT = { timeoutMs: 50_000 };

test("a query that takes too long ends with DEADLINE_EXCEEDED soon after its call; completing a week can take longer", async () => {
  const url = await cluster.createDatabase();
  await using ops = await startOps(url, { logger });
  const admin = await openPostgres(url);
  onTestFinished(() => admin.close());
  const { lease } = await ops.batch.startRun({ isoWeek: "2026-W01", modelName: "supplier-risk", holder: "worker" });
  await ops.batch.submitChunk(testChunk(lease, 0, [{ id: "S1", score: 0.9 }]));
  const totals = { ...(lease && { lease }), rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1 };
  const waiting = async () =>
    (
      await admin.query(
        `select application_name from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      )
    ).rows.map((row) => row.application_name);

  let completing: ReturnType<typeof ops.batch.completeRun> | undefined;
  await inTransaction(admin, async (tx) => {
    await tx.query("lock table bellwether.alert");
    completing = ops.batch.completeRun(totals);
    await vi.waitFor(async () => expect(await waiting()).toEqual(["ops-service-publishing"]), { timeout: 5_000 });
    const impatient = await failureOf(ops.alerts.listAlerts({}, { timeoutMs: 300 }));
    expect(impatient.code).toBe(Code.DeadlineExceeded);
    const patient = await failureOf(ops.alerts.listAlerts({}, PATIENT));
    expect([patient.code, patient.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([
      Code.DeadlineExceeded,
      "DATABASE_TIMEOUT",
    ]);
    expect(await waiting()).toEqual(["ops-service-publishing"]);
  });
  expect((await completing)?.run).toMatchObject({ alertsRaised: 1 });
  expect((await ops.alerts.listAlerts({})).alerts).toHaveLength(1);
});

test("with 128 calls waiting for a connection, further calls are rejected at once, and the others are answered", async () => {
  const url = await cluster.createDatabase();
  await using ops = await startOps(url, { logger });
  const admin = await openPostgres(url);
  onTestFinished(() => admin.close());
  await inTransaction(admin, async (tx) => {
    await tx.query("lock table bellwether.alert");
    const calls = Array.from({ length: 170 }, () => failureOf(ops.alerts.listAlerts({}, PATIENT)));
    const rejected = await Promise.any(
      calls.map(async (call) => {
        const error = await call;
        // On a busy machine, the server itself rejects some calls before they wait for a connection.
        if (error.findDetails(ErrorInfoSchema)[0]?.reason !== "DATABASE_BUSY") throw error;
        return error;
      }),
    );
    expect(rejected.code).toBe(Code.ResourceExhausted);
    await Promise.allSettled(calls);
  });
  expect((await ops.alerts.listAlerts({})).alerts).toEqual([]);
});

test("a query whose call has ended is cancelled in the database, and its connection is free again", async () => {
  const url = await cluster.createDatabase();
  await using ops = await startOps(url, { logger });
  const admin = await openPostgres(url);
  onTestFinished(() => admin.close());
  await inTransaction(admin, async (tx) => {
    await tx.query("lock table bellwether.alert");
    // There are twice as many calls as connections. With the time limit of 5 s alone, the second half would
    // have to wait.
    for (let round = 0; round < 2; round++) {
      const late = Array.from({ length: 10 }, () => failureOf(ops.alerts.listAlerts({}, { timeoutMs: 500 })));
      for (const { code } of await Promise.all(late)) expect(code).toBe(Code.DeadlineExceeded);
      const gone = async (): Promise<void> => {
        const { rows } = await admin.query(
          "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and application_name = 'ops-service'",
        );
        expect(rows).toEqual([]);
      };
      await vi.waitFor(gone, { timeout: 3_000 });
    }
  });
  expect((await ops.alerts.listAlerts({})).alerts).toEqual([]);
});

test("a call that ends while it waits for a connection runs no query", async () => {
  const url = await cluster.createDatabase();
  await using ops = await startOps(url, { logger });
  const admin = await openPostgres(url);
  onTestFinished(() => admin.close());
  const active = async (): Promise<number> => {
    const { rows } = await admin.query(
      "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and application_name = 'ops-service'",
    );
    return rows[0].n;
  };
  await inTransaction(admin, async (tx) => {
    await tx.query("lock table bellwether.alert");
    const holders = Array.from({ length: 10 }, () => failureOf(ops.alerts.listAlerts({}, PATIENT)));
    await vi.waitFor(async () => expect(await active()).toBe(10), { timeout: 5_000 });
    const late = Array.from({ length: 30 }, () => failureOf(ops.alerts.listAlerts({}, { timeoutMs: 300 })));
    for (const { code } of await Promise.all(late)) expect(code).toBe(Code.DeadlineExceeded);
    await Promise.all(holders);
    // The connections are free again, and the calls that waited for them have ended.
    expect(await active()).toBe(0);
  });
});

test("when the database stops answering, waiting calls fail within 30 s, and calls succeed when it answers again", async () => {
  await using relay = await startTcpRelay(await cluster.createDatabase());
  await using ops = await startOps(relay.url, { logger });
  await ops.alerts.listAlerts({});
  relay.setPaused(true);
  const begun = performance.now();
  const calls = Array.from({ length: 12 }, () => failureOf(ops.alerts.listAlerts({}, PATIENT)));
  for (const { code } of await Promise.all(calls)) expect(code).toBe(Code.Unavailable);
  expect(performance.now() - begun).toBeLessThan(30_000);
  relay.setPaused(false);
  const listed = async () => expect((await ops.alerts.listAlerts({})).alerts).toEqual([]);
  await vi.waitFor(listed, { timeout: 10_000 });
});
