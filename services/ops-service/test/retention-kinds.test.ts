import { randomUUID } from "node:crypto";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { DataKind, RetentionService, RetentionUnit } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { drizzle } from "@bellwether/postgres/drizzle/drizzle";
import { connectPostgres } from "@bellwether/postgres/pool/open-postgres";
import type { PostgresPool } from "@bellwether/postgres/pool/postgres-pool";
import { inTransaction } from "@bellwether/postgres/pool/transaction";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { RetentionLimits } from "../src/domain/retention.ts";
import type { Store } from "../src/store/database.ts";
import { removeOldData } from "../src/store/retention/remove-old-data.ts";
import { type OpsHarness, reasonOf, runWeek, seenAlert, startOps } from "./ops-harness.ts";

vi.setConfig({ hookTimeout: 180_000, testTimeout: 60_000 });

const DAY_MS = 86_400_000;
const LIMITS = {
  ...{ scoreWeeks: 2_000, snapshotWeeks: 8, outcomeWeeks: 2_000 },
  ...{ reportWeeks: 4, auditPayloadDays: 30, noteDays: 30 },
};
const NO_LOSS_LIMITS = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };

let cluster: PostgresServer;
let ops: OpsHarness;
let pool: PostgresPool;

beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  const url = await cluster.createDatabase();
  // The service's own passes begin after a minute; a test makes its own.
  ops = await startOps(url, { riskPolicy: createRiskPolicy(NO_LOSS_LIMITS, { retention: LIMITS }) });
  pool = connectPostgres(url, { max: 4 });
  onTestFinished(async () => {
    await pool.close();
    await ops[Symbol.asyncDispose]();
  });
});

/** One pass, as `days` later. */
function pass(days: number, limits: RetentionLimits = LIMITS) {
  const now = () => new Date(Date.now() + days * DAY_MS);
  const store: Store = {
    db: drizzle(pool),
    inTransaction: (work) => inTransaction(pool, (connection) => work({ connection, db: drizzle(connection) })),
  };
  return removeOldData(store, limits, { graceMs: 0, now, newId: randomUUID });
}

const kindsOf = async () => {
  const client = createClient(RetentionService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  const { kinds } = await client.getRetention({});
  return new Map(kinds.map((kind) => [kind.kind, kind]));
};
const payloadsOf = async (kind: string) =>
  (await ops.audit.queryEvents({ kind })).records.map(({ event }) => JSON.parse(event?.payloadJson || "null"));

async function append(subject: string): Promise<void> {
  const event = {
    ...{ eventId: randomUUID(), kind: "prediction.served", actor: "ml-service", subject },
    ...{ occurredAt: timestampFromDate(new Date()), payloadJson: '{"risk_score":0.5}' },
  };
  await ops.audit.appendEvents(
    (async function* () {
      yield { events: [event] };
    })(),
  );
}

describe("payloads of audit events", () => {
  test("are erased 30 days after their recording, once, and the log still verifies", async () => {
    for (const subject of ["s1", "s2", "s3"]) await append(subject);
    expect(await pass(29.9)).toMatchObject({ payloads: 0 });
    expect((await ops.audit.verifyChain({})).erasedPayloads).toBe(0n);
    expect(await pass(30.1)).toMatchObject({ payloads: 3 });
    expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, erasedPayloads: 3n });
    expect(await payloadsOf("retention.payloads_erased")).toEqual([
      { payloads: 3, afterSequence: 0, lastSequence: 3, auditPayloadDays: 30 },
    ]);
    // The event about the removal keeps its payload, however old it is.
    expect(await pass(400)).toMatchObject({ payloads: 0 });
    await append("s4");
    expect(await pass(400)).toMatchObject({ payloads: 1 });
    expect((await kindsOf()).get(DataKind.AUDIT_PAYLOADS)).toMatchObject({
      ...{ unit: RetentionUnit.DAYS, amount: 30, removed: 4n, countedFrom: "the recording of the event" },
    });
  });

  test("two replicas at the same time erase and record each payload once", async () => {
    for (let i = 0; i < 20; i++) await append(`s${i}`);
    const both = await Promise.all([pass(31), pass(31)]);
    expect(both.reduce((sum, { payloads = 0 }) => sum + payloads, 0)).toBe(20);
    const recorded = await payloadsOf("retention.payloads_erased");
    expect(recorded.reduce((sum: number, { payloads }: { payloads: number }) => sum + payloads, 0)).toBe(20);
    expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, erasedPayloads: 20n });
  });

  test("are kept when the policy keeps them forever", async () => {
    await append("s1");
    expect(await pass(36_500, { ...LIMITS, auditPayloadDays: null })).toMatchObject({ payloads: 0 });
  });
});

describe("notes of alerts", () => {
  test("are erased 30 days after the resolution; those of an open alert are kept", async () => {
    await runWeek(ops, "2026-W01", [
      { id: "a", score: 0.9 },
      { id: "b", score: 0.9 },
    ]);
    const ids: string[] = [];
    for (const supplierId of ["a", "b"]) {
      const { alerts } = await ops.alerts.listAlerts({ supplierId });
      ids.push(alerts[0]?.alertId ?? "");
    }
    const [resolved = "", open = ""] = ids;
    await ops.alerts.acknowledgeAlert({ ...(await seenAlert(ops, open)), note: "spoke to Ada" });
    await ops.alerts.resolveAlert({
      ...(await seenAlert(ops, resolved)),
      ...{ disposition: Disposition.MITIGATED, note: "spoke to Grace" },
    });
    const notesOf = async (alertId: string) =>
      (await ops.alerts.getAlert({ alertId })).events.map(({ note }) => note).filter((note) => note !== "");
    expect(await pass(29.9)).toMatchObject({ notes: 0 });
    expect(await notesOf(resolved)).toEqual(["spoke to Grace"]);
    const { notes } = await pass(30.1);
    expect(notes).toBeGreaterThanOrEqual(1);
    expect([await notesOf(resolved), await notesOf(open)]).toEqual([[], ["spoke to Ada"]]);
    expect(await payloadsOf("retention.notes_erased")).toEqual([{ notes, alerts: expect.any(Number), noteDays: 30 }]);
    expect(await pass(60)).toMatchObject({ notes: 0 });
  });
});

describe("reports of weeks", () => {
  test("are removed with their profiles when the week is older than report_weeks, and the week says so", async () => {
    for (const week of ["2026-W01", "2026-W02", "2026-W05"]) await runWeek(ops, week, [{ id: "a", score: 0.5 }]);
    expect(await pass(0)).toMatchObject({ reports: 1 });
    expect(await reasonOf(ops.reports.getReport({ isoWeek: "2026-W01" }))).toEqual([Code.NotFound, "REPORT_NOT_FOUND"]);
    expect((await ops.reports.getReport({ isoWeek: "2026-W02" })).isoWeek).toBe("2026-W02");
    // The summary of the week stays, with its scores.
    expect((await ops.reports.getWeek({ isoWeek: "2026-W01" })).isoWeek).toBe("2026-W01");
    expect(await payloadsOf("retention.reports_removed")).toMatchObject([
      { modelName: "supplier-risk", reports: 1, reportWeeks: 4, oldestKeptWeek: "2026-W02", weeks: ["2026-W01"] },
    ]);
    expect(await pass(0)).toMatchObject({ reports: 0 });
    expect((await kindsOf()).get(DataKind.REPORTS)).toMatchObject({
      removed: 1n,
      amount: 4,
      unit: RetentionUnit.WEEKS,
    });
  });

  test("scores that are kept for late outcomes are removed with an event of their own", async () => {
    for (const week of ["2025-W01", "2026-W05"]) await runWeek(ops, week, [{ id: "a", score: 0.5 }]);
    const limits = { ...LIMITS, scoreWeeks: 4, outcomeWeeks: 100 };
    expect(await pass(0, limits)).toMatchObject({ runsExpired: 1, lateScoreRuns: 0 });
    expect(await pass(0, { ...limits, outcomeWeeks: 4 })).toMatchObject({ lateScoreRuns: 1 });
    expect(await payloadsOf("retention.late_scores_removed")).toMatchObject([{ runs: 1, outcomeWeeks: 4 }]);
  });
});

test("every kind is listed, also what is kept forever, with a title and a unit", async () => {
  const kinds = await kindsOf();
  const known = Object.values(DataKind).filter((kind) => typeof kind === "number" && kind !== DataKind.UNSPECIFIED);
  expect([...kinds.keys()].sort((a, b) => a - b)).toEqual(known);
  for (const { title, unit } of kinds.values()) {
    expect(title).not.toBe("");
    expect(unit).not.toBe(RetentionUnit.UNSPECIFIED);
  }
  expect(kinds.get(DataKind.ALERTS)).toMatchObject({ unit: RetentionUnit.FOREVER, amount: 0 });
});
