import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testChunk } from "./ops-harness.ts";

const ALERTS = 8;
const KILLS = 3;

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test.each([
  ["with keys of the requests, in transactions", true],
  ["without keys, in one statement each", false],
])(
  "kill -9 in the middle of actions %s leaves each action whole or without a trace, and it can be repeated",
  {
    timeout: 120_000,
  },
  async (_how, hasKeys) => {
    const keyed = (key: string) => (hasKeys ? { headers: { "idempotency-key": key } } : {});
    const databaseUrl = await cluster.createDatabase();
    const pool = await openPostgres(databaseUrl, { max: 2 });
    onTestFinished(() => pool.close());
    for (let kill = 0; kill < KILLS; kill++) {
      await using ops = await startService("ops-service", { DATABASE_URL: databaseUrl });
      const transport = createGrpcTransport({ baseUrl: ops.grpc });
      if (kill === 0) await raiseAlerts(createClient(BatchService, transport));
      const alerts = createClient(AlertService, transport);
      let performed = 0;
      const callers = (await alerts.listAlerts({})).alerts.map(async ({ alertId, version }) => {
        for (let seen = version; ; seen++) {
          const comment = { alertId, version: seen, comment: `kill ${kill}, version ${seen}` };
          await alerts.commentOnAlert(comment, keyed(`${alertId}-${seen}`));
          if (++performed === 10 * ALERTS) ops.process.kill("SIGKILL");
        }
      });
      expect(callers).toHaveLength(ALERTS);
      await Promise.allSettled(callers);
    }
    const { rows } = await pool.query(`
    select a.version::int as version, (select count(*)::int from bellwether.alert_event e where e.alert_id = a.id) as events,
      (select count(*)::int from bellwether.audit_event u where u.subject = a.id::text) as audited,
      (select count(*)::int from bellwether.alert_transaction t where t.change_id = a.change_id) as numbered
    from bellwether.alert a`);
    for (const { version, events, audited, numbered } of rows)
      expect([events, audited, numbered]).toEqual([version, version - 1, 1]);
    // The key of a request is stored with its effect, never without it.
    const { rows: keys } = await pool.query("select key from bellwether.request_key order by key");
    if (!hasKeys) expect(keys).toEqual([]);
    const { rows: effects } = await pool.query(
      "select alert_id || '-' || seen_version as key from bellwether.alert_event where seen_version is not null order by key",
    );
    if (hasKeys) expect(keys).toEqual(effects);
    expect(effects.length).toBeGreaterThan(ALERTS);
    // The requests whose answers were lost can be sent again.
    await using ops = await startService("ops-service", { DATABASE_URL: databaseUrl });
    const alerts = createClient(AlertService, createGrpcTransport({ baseUrl: ops.grpc }));
    for (const { alertId, version } of (await alerts.listAlerts({})).alerts) {
      const last = version - 1n;
      const again = { alertId, version: last, comment: `kill ${KILLS - 1}, version ${last}` };
      expect((await alerts.commentOnAlert(again)).alert?.version).toBe(version);
      if (!hasKeys) continue;
      const sent = keyed(`${alertId}-${last}`);
      expect((await alerts.commentOnAlert(again, sent)).alert?.version).toBe(version);
      await expect(alerts.commentOnAlert({ ...again, comment: "other" }, sent)).rejects.toThrow("another request");
    }
  },
);

async function raiseAlerts(batch: ReturnType<typeof createClient<typeof BatchService>>): Promise<void> {
  const { lease } = await batch.startRun({ isoWeek: "2025-W01", modelName: "supplier-risk", holder: "test" });
  const rows = Array.from({ length: ALERTS }, (_, i) => ({ id: `s${i}`, score: 0.9 }));
  await batch.submitChunk(testChunk(lease, 0, rows));
  const totals = { rowsRead: BigInt(ALERTS), rowsRejected: 0n, chunksTotal: 1 };
  await batch.completeRun({ ...(lease && { lease }), ...totals });
}
