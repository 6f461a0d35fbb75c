import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { testChunk } from "../services/ops-service/test/ops-harness.ts";
import { fillLog } from "./audit/insert-records.ts";
import { tamperAgainAndAgain } from "./audit/tamper.ts";
import { type Bench, type Metric, metric } from "./metric.ts";
import { processorSeconds } from "./serving/load.ts";
import { median } from "./statistics.ts";

const EVENTS = 1_000_000;
const NEW_EVENTS = 1_000;
const EDITS = 1_000;
/** The limit of AppendEvents. */
const MESSAGE_EVENTS = 500;
const VERIFY_GATE_S = 15;
const INCREMENTAL_GATE_S = 1;
const CPU_GATE = 1.15;
const TURNS = 20;
const CALLS = 200;
/** Time after a turn in which its events are stored, ms. Their CPU time counts. */
const STORING_MS = 600;

/** Measures the audit log: changes by a superuser that are found, verification, and what recording of calls costs. */
export const bench: Bench = async ({ log }) => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-audit-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const cluster = stack.use(await startPostgresCluster());
  return [
    ...(await measureTampering(cluster, folder, log)),
    ...(await measureVerification(cluster, folder, log)),
    await measureCalls(cluster, folder, log),
  ];
};

async function measureTampering(cluster: PostgresCluster, folder: string, log: (line: string) => void) {
  const databaseUrl = await cluster.createDatabase();
  await using ops = await startOps(databaseUrl, folder, { BELLWETHER_AUDIT_CHECKPOINT_EVENTS: "50" });
  const audit = createClient(AuditService, createGrpcTransport({ baseUrl: ops.grpc }));
  const { found, named, missed } = await tamperAgainAndAgain({ databaseUrl, audit, edits: EDITS, append, log });
  for (const text of missed.slice(0, 10)) log(`not found: ${text}`);
  return [
    metric({ name: "audit.tampering_found", value: found, unit: `of ${EDITS} edits`, gate: EDITS, better: "higher" }),
    metric({ name: "audit.first_row_named", value: named, unit: `of ${EDITS} edits`, gate: EDITS, better: "higher" }),
  ];
}

async function measureVerification(
  cluster: PostgresCluster,
  folder: string,
  log: (line: string) => void,
): Promise<Metric[]> {
  const databaseUrl = await cluster.createDatabase();
  await using ops = await startOps(databaseUrl, folder);
  const audit = createClient(AuditService, createGrpcTransport({ baseUrl: ops.grpc }));
  const pool = await openPostgres(databaseUrl, { max: 1 });
  const start = performance.now();
  await fillLog(pool, EVENTS).finally(() => pool.close());
  log(`${EVENTS} records inserted in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const timed = async (incremental: boolean): Promise<number> => {
    const began = performance.now();
    const { holds, firstBrokenReason } = await audit.verifyChain({ incremental }, { timeoutMs: 600_000 });
    if (!holds) throw new Error(`the log does not verify: ${firstBrokenReason}`);
    return (performance.now() - began) / 1000;
  };
  // The first incremental verification reads what no checkpoint covers yet.
  await timed(true);
  const wholeS = await timed(false);
  await append(audit, NEW_EVENTS);
  const incrementalS = await timed(true);
  log(`whole log ${wholeS.toFixed(2)} s, ${NEW_EVENTS} new events ${incrementalS.toFixed(3)} s`);
  return [
    metric({
      name: "audit.verify_million",
      value: wholeS,
      unit: "s",
      gate: VERIFY_GATE_S,
      stretch: 6,
      better: "lower",
    }),
    metric({ name: "audit.verify_new", value: incrementalS, unit: "s", gate: INCREMENTAL_GATE_S, better: "lower" }),
  ];
}

/** Comments on alerts of two services alternately: each call is recorded, or none is. */
async function measureCalls(cluster: PostgresCluster, folder: string, log: (line: string) => void): Promise<Metric> {
  await using stack = new AsyncDisposableStack();
  const sides = await Promise.all(
    ["true", "false"].map(async (recorded) => {
      const service = await startOps(await cluster.createDatabase(), folder, { BELLWETHER_AUDIT_CALLS: recorded });
      stack.use(service);
      const transport = createGrpcTransport({ baseUrl: service.grpc });
      await publishWeek(createClient(BatchService, transport));
      const alerts = createClient(AlertService, transport);
      let [alert] = (await alerts.listAlerts({ pageSize: 1 })).alerts;
      const comment = async (): Promise<void> => {
        if (!alert) throw new Error("the service has no alert");
        ({ alert } = await alerts.commentOnAlert({ alertId: alert.alertId, version: alert.version, comment: "seen" }));
      };
      for (let i = 0; i < CALLS; i++) await comment();
      return { service, comment, cpuUs: [] as number[] };
    }),
  );
  for (let turn = 0; turn < TURNS; turn++)
    for (const { service, comment, cpuUs } of turn % 2 === 0 ? sides : sides.toReversed()) {
      const before = await processorSeconds(service.process.pid ?? 0);
      for (let i = 0; i < CALLS; i++) await comment();
      await delay(STORING_MS);
      cpuUs.push((((await processorSeconds(service.process.pid ?? 0)) - before) * 1e6) / CALLS);
    }
  const [recorded, plain] = sides.map(({ cpuUs }) => cpuUs);
  const ratio = median((recorded ?? []).map((value, turn) => value / (plain?.[turn] ?? Number.NaN)));
  log(`CPU a call: ${median(recorded ?? []).toFixed(0)} µs recorded, ${median(plain ?? []).toFixed(0)} µs not`);
  return metric({
    ...{ name: "audit.calls_cpu", value: ratio, unit: "ratio", gate: CPU_GATE, stretch: 1.05, better: "lower" },
    peer: "the same calls, not recorded",
  });
}

const startOps = (databaseUrl: string, folder: string, env: Readonly<Record<string, string>> = {}) =>
  startService("ops-service", {
    ...{ DATABASE_URL: databaseUrl, BELLWETHER_DATA_DIR: path.join(folder, randomUUID()) },
    ...{ BELLWETHER_AUDIT_CALLS: "false", ...env },
  });

/** Appends events as ml-service does. */
async function append(audit: Client<typeof AuditService>, events: number): Promise<void> {
  const producer = randomUUID();
  async function* messages() {
    for (let sent = 0; sent < events; sent += MESSAGE_EVENTS)
      yield {
        events: Array.from({ length: Math.min(MESSAGE_EVENTS, events - sent) }, (_, i) => ({
          ...{ eventId: randomUUID(), kind: "prediction.served", actor: "erp", subject: `S_${(sent + i) % 5_000}` },
          occurredAt: timestampFromMs(1_767_607_200_000 + sent + i),
          payloadJson: JSON.stringify({
            ...{ rpc: "bellwether.inference.v1.InferenceService/Predict", code: "OK", risk_score: 0.79 },
            ...{ input_sha256: "0".repeat(64), model_digest: "a".repeat(64), producer, sequence: sent + i + 1 },
          }),
        })),
      };
  }
  await audit.appendEvents(messages(), { timeoutMs: 600_000 });
}

async function publishWeek(batch: Client<typeof BatchService>): Promise<void> {
  const { lease } = await batch.startRun({ isoWeek: "2026-W40", modelName: "supplier-risk", holder: "bench" });
  await batch.submitChunk(testChunk(lease, 0, [{ id: "S-1", score: 0.95 }]));
  await batch.completeRun({ ...(lease && { lease }), rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1 });
}
