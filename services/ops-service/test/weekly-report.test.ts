import { createRiskPolicy } from "@bellwether/config/risk-policy";
import {
  CheckKind,
  CheckOutcome,
  DriftAspect,
  DriftKind,
  DriftOutcome,
  DriftReference,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ReportFormat } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { openPostgres } from "@bellwether/postgres/pool/open-postgres";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, type OpsHarness, startOps, testChunk } from "./ops-harness.ts";

const POLICY = createRiskPolicy({ maxRejectedShare: 0.5, maxRejectedRows: 10, minSuppliersShare: 0 });
let cluster: PostgresServer;
let ops: OpsHarness;
let url = "";
beforeAll(async () => {
  cluster = await usePostgres();
  url = await cluster.createDatabase();
  ops = await startOps(url, { riskPolicy: POLICY, now: () => new Date("2026-12-26T12:00:00Z") });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** Runs a week of 20 suppliers, the first `high` of them with a high score. */
async function runWeek(isoWeek: string, high: number) {
  const start = { isoWeek, modelName: "supplier-risk", holder: isoWeek, sourceDigest: isoWeek.slice(-1).repeat(64) };
  const { lease } = await ops.batch.startRun(start);
  if (!lease) throw new Error("no lease");
  const rows = Array.from({ length: 20 }, (_, i) => ({ id: `S_${i}`, score: i < high ? 0.9 : 0.1, isInvalid: false }));
  await ops.batch.submitChunk(testChunk(lease, 0, rows));
  return ops.batch.completeRun({
    ...{ lease, rowsRead: 27n, rowsRejected: 7n, rowsRepeated: 3n, chunksTotal: 1 },
    drift: [{ feature: "spend", psi: 0.3 }],
    inputReport: {
      reasons: [
        { stage: "reading", source: "weekly", column: "spend", reason: "not a number", rows: 4n },
        { stage: "mapping", source: "rows", column: "supplier_id", reason: "a repeated row", rows: 3n },
      ],
      reasonsCount: 2,
      samples: [{ source: "weekly", file: "week.csv", line: 7n, column: "spend", reason: "not a number", text: "<b>" }],
      files: [{ source: "weekly", file: "week.csv", rows: 20n, rowsRejected: 4n, sha256: "a".repeat(64) }],
    },
  });
}

const report = (isoWeek: string, format: ReportFormat = ReportFormat.JSON) =>
  ops.reports.getReport({ isoWeek, format });

test("a complete run has a report whose counts add up, with movers, alerts, rejected rows and the model", async () => {
  await runWeek("2026-W45", 1);
  await runWeek("2026-W46", 3);
  const { isoWeek, modelName, fileName, mediaType, content } = await report("");
  expect([isoWeek, modelName, fileName, mediaType]).toEqual([
    ...["2026-W46", "supplier-risk", "weekly-report-2026-W46.json", "application/json; charset=utf-8"],
  ]);
  const data = JSON.parse(content);
  expect(data.counts).toEqual({ read: 27, scored: 20, rejected: 4, repeated: 3 });
  expect(data.counts.read).toBe(data.counts.scored + data.counts.rejected + data.counts.repeated);
  expect(data).toMatchObject({ report_version: 2, iso_week: "2026-W46", previous_week: "2026-W45", revision: 1 });
  expect(data.risers.map((mover: { supplier_id: string }) => mover.supplier_id)).toEqual(["S_1", "S_2"]);
  expect(data.bands.reduce((sum: number, band: { suppliers: number }) => sum + band.suppliers, 0)).toBe(20);
  expect(data.regions.entries.reduce((sum: number, one: { suppliers: number }) => sum + one.suppliers, 0)).toBe(20);
  expect(data.alerts.raised.count).toBeGreaterThan(0);
  expect(data.alerts.raised.entries[0]).toMatchObject({
    supplier_id: expect.stringMatching(/^S_/),
    why: expect.any(String),
  });
  expect(data.rejected).toMatchObject({ reasons: { count: 2 }, samples: [{ line: 7, text: "<b>" }] });
  expect(data.sources).toEqual([{ source: "weekly", file: "week.csv", rows: 20, rejected: 4, sha256: "a".repeat(64) }]);
  expect(data.drift).toEqual({ count: 1, entries: [{ feature: "spend", unit: "", psi: 0.3, comparisons: [] }] });
  expect(data.configuration.source_digest).toBe("6".repeat(64));
});

test("the page and the table of a week have the same bytes each time, also after a later week, and texts are escaped", async () => {
  const before = await Promise.all([ReportFormat.HTML, ReportFormat.CSV].map((format) => report("2026-W45", format)));
  await runWeek("2026-W47", 5);
  const after = await Promise.all([ReportFormat.HTML, ReportFormat.CSV].map((format) => report("2026-W45", format)));
  expect(after.map(({ content }) => content)).toEqual(before.map(({ content }) => content));
  expect(before.map(({ fileName }) => fileName)).toEqual(["weekly-report-2026-W45.html", "weekly-report-2026-W45.csv"]);
  const [html] = before;
  expect(html?.content).toContain("27 rows read = 20 scored + 7 rejected (3 of them repeat accepted rows).");
  expect(html?.content).toContain("<code>&lt;b&gt;</code>");
});

type Counted = Readonly<Record<"suppliers" | "high" | "exposure" | "money_at_risk", number>>;

test("the counts of a report add up: bands, regions beyond the listed ones, alerts, and rejected rows", async () => {
  const weeks = { "2026-W48": 60, "2026-W49": 2, "2026-W50": 30 } as const;
  let activeBefore = JSON.parse((await report("")).content).alerts.active;
  for (const [isoWeek, high] of Object.entries(weeks)) {
    const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
    const rows = Array.from({ length: 80 }, (_, i) => ({
      id: `S_${i}`,
      score: i < high ? 0.9 : 0.1,
      exposure: 1_000 + i,
    }));
    const chunk = testChunk(lease, 0, rows);
    Object.assign(chunk.regions ?? {}, { dictionary: rows.map((_, i) => `Region ${i}`), codes: rows.map((_, i) => i) });
    await ops.batch.submitChunk(chunk);
    await ops.batch.completeRun({
      ...{ ...(lease && { lease }), rowsRead: 87n, rowsRejected: 7n, rowsRepeated: 3n, chunksTotal: 1 },
      inputReport: {
        reasons: [
          { stage: "reading", source: "weekly", column: "spend", reason: "not a number", rows: 4n },
          { stage: "mapping", source: "rows", column: "", reason: "a repeated row", rows: 3n },
        ],
        reasonsCount: 2,
      },
    });
    const { counts, bands, regions, money_at_risk, alerts, rejected } = JSON.parse((await report(isoWeek)).content);
    expect(counts).toEqual({ read: 87, scored: 80, rejected: 4, repeated: 3 });
    expect(bands.map(({ band }: { band: string }) => band)).toEqual(["high", "medium", "low", "unknown"]);
    const sum = (entries: readonly Counted[], field: keyof Counted): number =>
      entries.reduce((total, one) => total + one[field], 0);
    expect(sum(bands, "suppliers")).toBe(counts.scored);
    expect([regions.count, regions.entries.length]).toEqual([80, 50]);
    const all = [...regions.entries, regions.rest];
    expect([sum(all, "suppliers"), sum(all, "high")]).toEqual([80, bands[0].suppliers]);
    expect(sum(all, "exposure")).toBeCloseTo(
      sum(
        rows.map(({ exposure }) => ({ ...regions.rest, exposure })),
        "exposure",
      ),
      6,
    );
    expect(sum(all, "money_at_risk")).toBeCloseTo(money_at_risk.amount, 6);
    expect(rejected.reasons.entries.reduce((total: number, { rows: n }: { rows: number }) => total + n, 0)).toBe(
      counts.rejected + counts.repeated,
    );
    // Nobody acted on an alert between the two weeks: the alerts that were active after the week before are active
    // before this week.
    expect(alerts.active_before).toBe(activeBefore);
    expect(alerts.active_before + alerts.raised.count - alerts.cleared.count).toBe(alerts.active);
    const { totalSize } = await ops.alerts.listAlerts({ pageSize: 1 });
    expect(alerts.active).toBe(Number(totalSize));
    activeBefore = alerts.active;
  }
});

test("a report names bins by rounded limits, and sizes of changes with their unit", async () => {
  const isoWeek = "2026-W51";
  const { lease } = await ops.batch.startRun({ isoWeek, modelName: "supplier-risk", holder: isoWeek });
  await ops.batch.submitChunk(testChunk(lease, 0, [{ id: "S_1", score: 0.2, values: [1, 2, 3, 0] }]));
  const compared = {
    ...{ reference: DriftReference.TRAINING, outcome: DriftOutcome.NO_ALARM, referenceRows: 9n, presentRows: 9n },
    ...{ effect: 0.2, effectNoise: 0.1, shift: 0.2, referenceValue: 1, presentValue: 2, text: "spend rose by 0.20 σ" },
  };
  const bins = [
    { upper: 1 / 3, referenceShare: 0.5, presentShare: 0.5 },
    { lower: 1 / 3, upper: 12_345.678, referenceShare: 0.5, presentShare: 0.5 },
  ];
  await ops.batch.completeRun({
    ...{ ...(lease && { lease }), rowsRead: 1n, rowsRejected: 0n, chunksTotal: 1 },
    checks: [{ kind: CheckKind.ROWS, outcome: CheckOutcome.PASSED, detail: "1 row" }],
    drift: [
      {
        ...{ feature: "spend", psi: 0.1, kind: DriftKind.NUMERIC },
        comparisons: [
          { ...compared, aspect: DriftAspect.VALUES, bins },
          { ...compared, aspect: DriftAspect.MISSING },
        ],
      },
      {
        feature: "region",
        psi: 0,
        kind: DriftKind.CATEGORY,
        comparisons: [{ ...compared, aspect: DriftAspect.VALUES }],
      },
    ],
  });
  const { drift } = JSON.parse((await report(isoWeek)).content);
  const [spend, region] = drift.entries;
  expect(spend.comparisons[0].bins.map(({ label }: { label: string }) => label)).toEqual([
    ...["up to 0.333", "0.333 to 12,300"],
  ]);
  const units = [...spend.comparisons, ...region.comparisons].map(({ effect_unit: unit }) => unit);
  expect(units).toEqual(["sigma", "share", "share"]);
  expect(spend.unit).toBe("EUR");
});

test("a week without a complete run, and a run without a report, are not found", async () => {
  expect((await failureOf(report("2026-W40"))).findDetails(ErrorInfoSchema)[0]?.reason).toBe("RUN_NOT_FOUND");
  const pool = await openPostgres(url, { max: 1 });
  await pool.query(
    "delete from bellwether.run_report r using bellwether.run n where n.id = r.run_id and n.iso_week = '2026-W45'",
  );
  await pool.close();
  const failure = await failureOf(report("2026-W45"));
  expect(failure.findDetails(ErrorInfoSchema)[0]?.reason).toBe("REPORT_NOT_FOUND");
});

test("the report of a week that is held, or was withdrawn, says so with the way out", async () => {
  const week = { isoWeek: "2026-W30", modelName: "supplier-risk" };
  const { run, lease } = await ops.batch.startRun({ ...week, holder: "h" });
  const checks = [{ kind: CheckKind.ROWS, outcome: CheckOutcome.FAILED, detail: "3 rows after 300" }];
  await ops.batch.holdRun({ ...(lease && { lease }), checks });
  const expectBoth = async (state: string) => {
    const message = `a complete run of 2026-W30 by the model "supplier-risk" does not exist: revision 1 is ${state}; ListRuns lists the runs`;
    expect((await failureOf(ops.reports.getReport({ ...week, format: ReportFormat.JSON }))).rawMessage).toBe(message);
    expect((await failureOf(ops.reports.getWeek(week))).rawMessage).toBe(message);
  };
  await expectBoth("held; approve it (ApproveRun) or void it (VoidRun)");
  await ops.batch.voidRun({ runId: run?.runId ?? 0, reason: "the wrong file" });
  await expectBoth("voided; run the week again");
});
