import { randomUUID } from "node:crypto";
import { parseAlertRules } from "@bellwether/config/alert-rules";
import type { OutcomeSpec } from "@bellwether/config/model-spec";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { parseYaml } from "@bellwether/config/yaml-file";
import { isoWeekEnd, isoWeekNumber, isoWeekOfNumber } from "@bellwether/contract/iso-week";
import { Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { OutcomeSource, OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { SegmentFigure } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { RetentionService } from "@bellwether/gen/bellwether/ops/v1/retention_service_pb";
import { createRandom } from "@bellwether/risk-model/random";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { daysAfter } from "../src/domain/outcomes/check-outcomes.ts";
import type { OpsServiceConfig } from "../src/service.ts";
import { failureOf, type OpsHarness, runWeek, seenAlert, startOps } from "./ops-harness.ts";

const { OCCURRED, NOT_OCCURRED } = OutcomeValue;
const HORIZON = 14;
const COMPLETE: OutcomeSpec = { definition: "insolvency", horizonDays: HORIZON, completeAfterDays: 0 };
const LOSSES = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };
const RETENTION = {
  ...{ scoreWeeks: 4, snapshotWeeks: 4, outcomeWeeks: 157 },
  ...{ reportWeeks: null, auditPayloadDays: null, noteDays: null },
};

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

const start = async (outcomes: OutcomeSpec, over: Partial<OpsServiceConfig> = {}): Promise<OpsHarness> =>
  startOps(await cluster.createDatabase(), {
    riskPolicy: createRiskPolicy(LOSSES, { reviews: { share: 0, maxSuppliers: 1 } }),
    outcomesOf: () => outcomes,
    ...over,
  });

const weekAfter = (week: string, weeks: number): string => isoWeekOfNumber((isoWeekNumber(week) ?? 0) + weeks);

/** Runs weeks of suppliers whose scores tell something about their events, and records the events. */
async function runWeeks(
  ops: OpsHarness,
  { first, weeks, suppliers }: { first: string; weeks: number; suppliers: number },
) {
  const random = createRandom(7, "performance");
  const risks = Array.from({ length: suppliers }, () => random.normal());
  const truth: { readonly week: string; readonly id: string; readonly score: number; readonly label: number }[] = [];
  for (let k = 0; k < weeks; k++) {
    const week = weekAfter(first, 2 * k);
    const rows = risks.map((risk, i) => ({
      id: `S-${i}`,
      exposure: 1 + i,
      score: 1 / (1 + Math.exp(2 - risk - 0.1 * k)),
    }));
    await runWeek(ops, week, rows, { modelVersion: k < weeks / 2 ? "v1" : "v2" });
    const labels = risks.map((risk) => (random.uniform() < 1 / (1 + Math.exp(2 - 1.5 * risk)) ? 1 : 0));
    truth.push(...rows.map(({ id, score }, i) => ({ week, id, score, label: labels[i] ?? 0 })));
    const events = rows.filter((_, i) => labels[i] === 1);
    const happenedOn = daysAfter(isoWeekEnd(week), 3);
    await ops.outcomes.recordOutcomes({
      requestId: randomUUID(),
      rows: events.map(({ id }) => ({
        supplierId: id,
        value: OCCURRED,
        happenedOn,
        knownOn: daysAfter(happenedOn, 5),
      })),
      source: OutcomeSource.FILE,
    });
  }
  return truth;
}

describe("where events are recorded completely", () => {
  let ops: OpsHarness;
  let truth: Awaited<ReturnType<typeof runWeeks>>;
  beforeAll(async () => {
    ops = await start(COMPLETE);
    truth = await runWeeks(ops, { first: "2025-W02", weeks: 6, suppliers: 150 });
  });
  afterAll(() => ops?.[Symbol.asyncDispose]());

  test("figures equal those of the planted outcomes, over all weeks and by week and version", async () => {
    const answer = await ops.performance.getPerformance({});
    const positives = truth.filter(({ label }) => label === 1);
    const negatives = truth.filter(({ label }) => label === 0);
    const won = positives.flatMap((p) => negatives.map((n) => (p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0)));
    const auc = won.reduce<number>((sum, x) => sum + x, 0) / won.length;
    const brier = truth.reduce((sum, { score, label }) => sum + (score - label) ** 2, 0) / truth.length;
    const { overall, weeks, versions } = answer;
    expect(answer).toMatchObject({
      modelName: "supplier-risk",
      definition: "insolvency",
      horizonDays: HORIZON,
      completeAfterDays: 0,
    });
    expect(overall).toMatchObject({ rows: 900n, positives: BigInt(positives.length), suppliers: 150n, note: "" });
    expect(overall?.auc?.value).toBeCloseTo(auc, 10);
    expect(overall?.brier?.value).toBeCloseTo(brier, 10);
    expect(overall?.auc?.low ?? 1).toBeLessThan(auc);
    expect(overall?.auc?.high ?? 0).toBeGreaterThan(auc);
    expect(overall?.atCapacity?.flagged).toBeCloseTo(60, 8);
    expect(weeks.map(({ isoWeek }) => isoWeek)).toEqual([
      "2025-W02",
      "2025-W04",
      "2025-W06",
      "2025-W08",
      "2025-W10",
      "2025-W12",
    ]);
    expect(weeks[0]?.coverage).toMatchObject({ scored: 150n, labelled: 150n, contradictory: 0n, immature: false });
    expect(versions.map(({ modelVersion, performance }) => [modelVersion, performance?.rows])).toEqual([
      ["v1", 450n],
      ["v2", 450n],
    ]);
    expect(answer.delay).toMatchObject({ events: BigInt(positives.length), medianDays: 5, p90Days: 5 });
  });

  test("the model is compared with the base rate and the last outcomes that were known before each week", async () => {
    const { overall } = await ops.performance.getPerformance({});
    // The first week has no earlier one.
    expect(overall?.baseline?.rows).toBe(750n);
    expect(overall?.baseline?.lastLabelAuc?.value).toBeGreaterThan(0.5);
    expect(overall?.baseline?.aucDifference?.low).toBeGreaterThan(0);
    expect(overall?.baseline?.brierDifference?.value).toBeLessThan(0);
  });

  test("segments are regions and thirds of the exposures, and none differs outside chance", async () => {
    const { segments } = await ops.performance.getPerformance({});
    expect(segments.map(({ segment, performance }) => [segment, performance?.rows])).toEqual([
      ...[
        ["EU", 450n],
        ["US", 450n],
        ["", 900n],
      ],
      ...[
        ["large", 300n],
        ["medium", 300n],
        ["small", 300n],
      ],
    ]);
    expect(segments.flatMap(({ differences }) => differences.filter(({ flagged }) => flagged))).toEqual([]);
    expect(segments[0]?.differences.map(({ figure }) => figure)).toEqual([
      SegmentFigure.AUC,
      SegmentFigure.CALIBRATION_GAP,
    ]);
  });

  test("as known on an earlier day, weeks whose horizon was not over have no outcomes", async () => {
    const knownOn = daysAfter(isoWeekEnd("2025-W04"), HORIZON);
    const { weeks, overall } = await ops.performance.getPerformance({ knownOn });
    expect(weeks.map(({ coverage }) => coverage?.immature)).toEqual([false, false, true, true, true, true]);
    expect(overall?.rows).toBe(300n);
    expect((await ops.performance.getPerformance({ knownOn: "2024-01-01" })).overall?.note).toBe("no outcome is known");
  });

  test("weeks can be chosen; wrong ones are rejected", async () => {
    const { overall, weeks } = await ops.performance.getPerformance({
      fromWeek: "2025-W04",
      toWeek: "2025-W06",
      capacity: 1_000,
    });
    expect([overall?.rows, weeks.length, overall?.atCapacity?.recall?.value]).toEqual([300n, 2, 1]);
    const inTwoDays = daysAfter(new Date().toISOString().slice(0, 10), 2);
    const wrong = [
      ...[{ fromWeek: "2025-W10", toWeek: "2025-W02" }, { toWeek: "2025-W53" }, { knownOn: "2025-02-30" }],
      // Events until then are not known: without this check, all others would count as not occurred.
      { knownOn: inTwoDays },
    ];
    for (const request of wrong)
      expect((await failureOf(ops.performance.getPerformance(request))).code).toBe(Code.InvalidArgument);
    expect((await failureOf(ops.performance.getPerformance({ modelName: "other" }))).code).toBe(Code.NotFound);
  });

  test("calls at the same time share a measurement, and a call that leaves does not end that of the others", async () => {
    const left = new AbortController();
    const request = { fromWeek: "2025-W04" };
    const leaving = ops.performance.getPerformance(request, { signal: left.signal });
    const staying = ops.performance.getPerformance(request);
    left.abort();
    expect((await failureOf(leaving)).code).toBe(Code.Canceled);
    expect((await staying).overall?.rows).toBe(750n);
  });
});

test("without a complete run, the model is not found", async () => {
  await using ops = await start(COMPLETE);
  expect((await failureOf(ops.performance.getPerformance({}))).code).toBe(Code.NotFound);
});

test("an outcome that is known 18 months late joins the score, whose explanation was removed long ago", async () => {
  const riskPolicy = createRiskPolicy(LOSSES, { retention: RETENTION, reviews: { share: 0, maxSuppliers: 1 } });
  await using ops = await start(COMPLETE, { riskPolicy, retentionMs: 100, retentionGraceMs: 0 });
  const rows = Array.from({ length: 30 }, (_, i) => ({ id: `S-${i}`, score: (i + 1) / 40 }));
  for (const week of ["2024-W20", "2026-W01"]) await runWeek(ops, week, rows);
  const retention = createClient(RetentionService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  const removed = async () => (await retention.getRetention({})).models[0]?.runsRemoved === 1;
  await vi.waitUntil(removed, { timeout: 30_000 });
  const happenedOn = daysAfter(isoWeekEnd("2024-W20"), 1);
  const recorded = await ops.outcomes.recordOutcomes({
    requestId: randomUUID(),
    rows: [
      ...rows
        .slice(15)
        .map(({ id }) => ({ supplierId: id, value: OCCURRED, happenedOn, knownOn: daysAfter(happenedOn, 548) })),
      { supplierId: "S-0", isoWeek: "2024-W20", value: NOT_OCCURRED },
      { supplierId: "nobody", isoWeek: "2024-W20", value: NOT_OCCURRED },
    ],
  });
  expect(recorded).toMatchObject({ recorded: 16, rejected: 1 });
  const { weeks, delay } = await ops.performance.getPerformance({ fromWeek: "2024-W01", toWeek: "2024-W52" });
  expect(weeks[0]?.performance).toMatchObject({ rows: 30n, positives: 15n, auc: { value: 1 } });
  expect(delay?.medianDays).toBe(548);
});

test("suppliers are selected by the active rule set that applies to them, and an activation counts at once", async () => {
  const setYaml = (id: string, raise: number, capacity: number) =>
    `score_threshold: { id: ${id}-score, raise: ${raise}, runs_to_raise: 1, critical: 0.95, clear: 0.1, runs_to_clear: 1 }
weekly_capacity: { id: ${id}-capacity, suppliers: ${capacity}, min_lift: 0, keep_within: 10 }
`;
  const defaultYaml = (raise: number, capacity: number) =>
    `version: 1\ncool_down_weeks: 0\n${setYaml("all", raise, capacity)}`;
  const us = `id: us\ncool_down_weeks: 0\napplies_to: { regions: [US] }\n${setYaml("us", 0.5, 2)}`;
  const yaml = `${defaultYaml(0.7, 1)}sets:\n  - ${us.trimEnd().replaceAll("\n", "\n    ")}\n`;
  const alertRules = parseAlertRules(parseYaml(yaml, "alert_rules.yaml"));
  await using ops = await start(COMPLETE, { alertRules });
  // Even positions are of the region EU, odd ones of US.
  const rows = Array.from({ length: 40 }, (_, i) => ({ id: `S-${i}`, score: (i + 1.5) / 50 }));
  await runWeek(ops, "2025-W02", rows);
  const happenedOn = daysAfter(isoWeekEnd("2025-W02"), 1);
  const events = rows.slice(30).map(({ id }) => ({ supplierId: id, value: OCCURRED, happenedOn, knownOn: happenedOn }));
  await ops.outcomes.recordOutcomes({ requestId: randomUUID(), rows: events });
  const measured = async (request: { capacity?: number } = {}) => {
    const { overall, ruleSets, alertThreshold, capacity } = await ops.performance.getPerformance(request);
    return {
      ...{ alertThreshold, capacity, sets: ruleSets.map((set) => [set.setId, set.alertThreshold, set.capacity]) },
      activations: ruleSets.map(({ activation }) => activation),
      threshold: [overall?.atThreshold?.flagged, overall?.atThreshold?.precision?.value],
      selected: [overall?.atCapacity?.flagged, overall?.atCapacity?.precision?.value],
    };
  };
  // EU from 0.7: positions 34, 36, 38. US from 0.5: 25 to 39, of which 31 to 39 have the risk.
  const byFile = {
    ...{ alertThreshold: 0.5, capacity: 3, activations: [undefined, undefined] },
    sets: [
      ["default", 0.7, 1],
      ["us", 0.5, 2],
    ],
    ...{ threshold: [11, 8 / 11], selected: [3, 1] },
  };
  expect(await measured()).toEqual(byFile);
  expect(await measured({ capacity: 20 })).toMatchObject({ capacity: 20, selected: [20, 0.5] });
  await ops.rules.putRuleDraft({ rulesYaml: defaultYaml(0.6, 7), version: 0n });
  expect(await measured()).toEqual(byFile);
  const activation = { setId: "default", version: 1n, reason: "more alerts", force: true };
  await ops.rules.activateRuleDraft(activation);
  // EU from 0.6: 30 to 38.
  expect(await measured()).toMatchObject({
    ...{ capacity: 9, activations: [1n, undefined], threshold: [13, 10 / 13], selected: [9, 7 / 9] },
  });
});

describe("where only a selection has outcomes", () => {
  const SELECTED: OutcomeSpec = { ...COMPLETE, completeAfterDays: null };
  const riskPolicy = createRiskPolicy(LOSSES, { reviews: { share: 0.2, maxSuppliers: 50 } });
  const suppliers = Array.from({ length: 60 }, (_, i) => ({ id: `S-${i}`, score: 0.1 + i / 100, exposure: 1_000 }));

  test("dispositions and the answered review sample are weighted, and other outcomes are left out and counted", async () => {
    await using ops = await start(SELECTED, { riskPolicy });
    await runWeek(ops, "2026-W01", suppliers);
    await vi.waitUntil(async () => (await ops.outcomes.listReviews({})).frame > 0n, { timeout: 20_000 });
    const { alerts } = await ops.alerts.listAlerts({});
    expect(alerts).toHaveLength(10);
    const dispositions = [Disposition.MITIGATED, Disposition.FALSE_MODEL, Disposition.FALSE_DATA];
    for (const [i, disposition] of dispositions.entries())
      await ops.alerts.resolveAlert({
        ...(await seenAlert(ops, alerts[i]?.alertId ?? "")),
        disposition,
        note: "checked",
      });
    const { reviews } = await ops.outcomes.listReviews({});
    expect(reviews).toHaveLength(10);
    const answers = reviews.map(({ supplierId }) => ({ supplierId, isoWeek: "2026-W01", value: NOT_OCCURRED }));
    await ops.outcomes.recordOutcomes({ requestId: randomUUID(), rows: answers, source: OutcomeSource.REVIEW });
    const reviewed = new Set([...reviews, ...alerts].map(({ supplierId }) => supplierId));
    const other = suppliers.find(({ id }) => !reviewed.has(id))?.id ?? "";
    await ops.outcomes.recordOutcomes({
      requestId: randomUUID(),
      rows: [{ supplierId: other, value: OCCURRED, happenedOn: daysAfter(isoWeekEnd("2026-W01"), 1) }],
    });
    const { weeks, weighted, overall } = await ops.performance.getPerformance({});
    expect(weighted).toBe(true);
    expect(weeks[0]?.coverage).toMatchObject({
      ...{ scored: 60n, labelled: 12n, fromDispositions: 2n, fromReviews: 10n, outsideSample: 1n },
      ...{ reviewSample: 10n, reviewFrame: 50n },
    });
    // 10 alerted suppliers, of which one of two had the risk, and 50 others without.
    expect(overall?.observedRate?.value).toBeCloseTo(5 / 60, 10);
    expect(overall).toMatchObject({ rows: 12n, positives: 1n });
    expect(overall?.note).toContain("no intervals");
  });

  test("a disposition whose author opens the alert again does not count", async () => {
    await using ops = await start(SELECTED);
    await runWeek(ops, "2026-W01", suppliers);
    const { alerts } = await ops.alerts.listAlerts({});
    const seen = () => seenAlert(ops, alerts[0]?.alertId ?? "");
    await ops.alerts.resolveAlert({ ...(await seen()), disposition: Disposition.MITIGATED, note: "checked" });
    const labelled = async () => (await ops.performance.getPerformance({})).weeks[0]?.coverage?.fromDispositions;
    expect(await labelled()).toBe(1n);
    await ops.alerts.reopenAlert({ ...(await seen()), note: "too early" });
    expect(await labelled()).toBe(0n);
    await ops.alerts.resolveAlert({ ...(await seen()), disposition: Disposition.FALSE_MODEL, note: "checked" });
    expect(await labelled()).toBe(1n);
  });

  test("outcomes of one class only, and three outcomes, have figures but no intervals", async () => {
    await using ops = await start(SELECTED);
    await runWeek(ops, "2026-W01", suppliers);
    const add = (row: { supplierId: string; value: OutcomeValue }) =>
      ops.outcomes.recordOutcomes({ requestId: randomUUID(), rows: [{ ...row, isoWeek: "2026-W01" }] });
    await add({ supplierId: "S-1", value: NOT_OCCURRED });
    const one = await ops.performance.getPerformance({});
    expect(one.overall).toMatchObject({ rows: 1n, positives: 0n });
    expect(one.overall?.auc?.value).toBeUndefined();
    expect(one.overall?.note).toContain("occurred at no supplier");
    await add({ supplierId: "S-2", value: NOT_OCCURRED });
    await add({ supplierId: "S-50", value: OCCURRED });
    const three = await ops.performance.getPerformance({});
    expect(three.overall?.auc).toMatchObject({ value: 1 });
    expect(three.overall?.auc?.low).toBeUndefined();
    expect(three).toMatchObject({ weighted: false });
  });
});
