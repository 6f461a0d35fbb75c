import { randomUUID } from "node:crypto";
import { Band } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertEventKind, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { WeekState } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { ChangeDirection, Criticality } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";
import {
  type ListSuppliersRequestSchema,
  MatchKind,
  OnConflict,
  SortDirection,
  SupplierOrder,
} from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failureOf, type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

let cluster: PostgresServer;
let ops: OpsHarness;

/** A clock of which each reading is one second later. */
const clock = () => {
  let read = 0;
  return () => new Date(Date.UTC(2026, 0, 14, 12, 0, read++));
};

const SUPPLIERS = [
  { supplierId: "S-1", name: "Müller Stahl GmbH", category: "steel", criticality: Criticality.CRITICAL },
  { supplierId: "S-2", name: "Muller Logistik AG", category: "freight" },
  { supplierId: "S-3", name: "Ångström Tools", category: "steel" },
  { supplierId: "S-4", name: "", category: "" },
  { supplierId: "S-5", name: "Zeta_100% Parts", category: "freight" },
];

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startOps(await cluster.createDatabase(), { now: clock() });
  await ops.suppliers.importSuppliers({ requestId: randomUUID(), onConflict: OnConflict.UPDATE, rows: SUPPLIERS });
  const row = (i: number, score: number | undefined, exposure: number, values = [0.5, 90, 3, 1]) => ({
    ...{ id: `S-${i}`, exposure, values },
    ...(score !== undefined && { score }),
  });
  await runWeek(ops, "2026-W01", [row(1, 0.5, 100), row(2, 0.9, 10), row(3, 0.3, 100)]);
  await runWeek(ops, "2026-W02", [
    row(1, 0.8, 100),
    row(2, 0.6, 1_000),
    row(3, 0.3, 100),
    row(4, 0.2, Number.NaN, [Number.NaN, 90, Number.NaN, 1]),
    row(5, undefined, 50),
  ]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const idsOf = async (request: MessageInitShape<typeof ListSuppliersRequestSchema>) =>
  (await ops.suppliers.listSuppliers(request)).suppliers.map(({ supplierId }) => supplierId.slice(2)).join("");

/** Reads all pages of one supplier each. */
async function pagesOf(request: MessageInitShape<typeof ListSuppliersRequestSchema>) {
  const ids: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await ops.suppliers.listSuppliers({ ...request, pageSize: 1, pageToken });
    expect(page.totalSize).toBe(5n);
    ids.push(...page.suppliers.map(({ supplierId }) => supplierId.slice(2)));
    pageToken = page.nextPageToken;
    if (pageToken === "") return ids.join("");
  }
}

describe("ListSuppliers orders", () => {
  const { ASCENDING, DESCENDING } = SortDirection;
  test.each([
    // Impacts: 0.6 × 1000, 0.8 × 100 × 4, 0.3 × 100, without exposure, without score.
    ["impact", SupplierOrder.IMPACT, DESCENDING, "21345"],
    ["impact", SupplierOrder.IMPACT, ASCENDING, "43125"],
    ["score", SupplierOrder.SCORE, DESCENDING, "12345"],
    ["score", SupplierOrder.SCORE, ASCENDING, "43215"],
    ["change", SupplierOrder.CHANGE, DESCENDING, "13254"],
    ["change", SupplierOrder.CHANGE, ASCENDING, "23145"],
    ["exposure", SupplierOrder.EXPOSURE, DESCENDING, "23154"],
    ["exposure", SupplierOrder.EXPOSURE, ASCENDING, "51324"],
    ["name", SupplierOrder.NAME, ASCENDING, "32145"],
    ["name", SupplierOrder.NAME, DESCENDING, "54123"],
  ])("by %s, direction %s %s, and all pages together are the list", async (_, orderBy, direction, expected) => {
    expect(await idsOf({ orderBy, direction })).toBe(expected);
    expect(await pagesOf({ orderBy, direction })).toBe(expected);
  });

  test("by impact, highest first, when the request names no order; names begin with A", async () => {
    expect(await idsOf({})).toBe("21345");
    expect(await idsOf({ orderBy: SupplierOrder.NAME })).toBe("32145");
  });
});

describe("ListSuppliers filters", () => {
  test.each([
    [{ bands: [Band.HIGH, Band.UNKNOWN] }, "15"],
    [{ bands: [Band.HIGH], band: Band.MEDIUM }, "21"],
    [{ regions: ["EU"] }, "135"],
    [{ categories: ["steel", ""] }, "134"],
    [{ categories: ["no such category"] }, ""],
    [{ changes: [ChangeDirection.UP] }, "1"],
    [{ changes: [ChangeDirection.DOWN, ChangeDirection.NONE] }, "23"],
    [{ changes: [ChangeDirection.UNKNOWN] }, "45"],
    [{ completenessBelow: 0.75 }, "4"],
    [{ completenessBelow: 0.5 }, ""],
    [{ withoutExposure: true }, "4"],
    [{ withoutExposure: true, hasActiveAlerts: false }, "4"],
    [{ withoutExposure: true, query: "muller" }, ""],
    [{ isoWeek: "2026-W01" }, "132"],
    [{ isoWeek: "2026-W01", bands: [Band.HIGH] }, "2"],
    [{ isoWeek: "2026-W02", bands: [Band.HIGH] }, "1"],
    [{ query: "muller" }, "21"],
    [{ query: "muller", categories: ["steel"] }, "1"],
    [{ query: "mulelr" }, "21"],
    [{ query: "nothing like it" }, ""],
  ])("%j", async (filter, expected) => {
    expect(await idsOf(filter)).toBe(expected);
    expect((await ops.suppliers.listSuppliers(filter)).totalSize).toBe(BigInt(expected.length));
  });

  test("a week without a complete run is NOT_FOUND, and pages stay with the week of the first one", async () => {
    const unknown = await failureOf(ops.suppliers.listSuppliers({ isoWeek: "2026-W03" }));
    expect([unknown.code, unknown.rawMessage]).toEqual([Code.NotFound, expect.stringContaining("2026-W03")]);
    const first = await ops.suppliers.listSuppliers({ isoWeek: "2026-W01", pageSize: 1 });
    const next = await ops.suppliers.listSuppliers({
      ...{ isoWeek: "2026-W01", pageSize: 1, pageToken: first.nextPageToken },
    });
    expect([first.isoWeek, next.isoWeek, next.totalSize]).toEqual(["2026-W01", "2026-W01", 3n]);
    const { moneyAtRisk } = await ops.reports.getWeek({});
    expect((await ops.suppliers.listSuppliers({ withoutExposure: true })).totalSize).toBe(
      moneyAtRisk?.suppliersWithoutExposure,
    );
  });

  test("by alerts that are not resolved", async () => {
    const { suppliers } = await ops.suppliers.listSuppliers({});
    const alerted = suppliers.filter(({ activeAlerts }) => activeAlerts > 0).map(({ supplierId }) => supplierId);
    expect(alerted.length).toBeGreaterThan(0);
    const withAlerts = await ops.suppliers.listSuppliers({ hasActiveAlerts: true });
    expect(withAlerts.suppliers.map(({ supplierId }) => supplierId)).toEqual(alerted);
    expect(withAlerts.totalSize).toBe(BigInt(alerted.length));
    const without = await ops.suppliers.listSuppliers({ hasActiveAlerts: false });
    expect(without.totalSize).toBe(BigInt(5 - alerted.length));
  });

  test("have counts of each value, which ignore the condition on the same field", async () => {
    const { facets } = await ops.suppliers.listSuppliers({ categories: ["steel"], includeFacets: true });
    expect(facets?.bands.map(({ band, suppliers }) => [band, suppliers])).toEqual([
      [Band.LOW, 1n],
      [Band.HIGH, 1n],
    ]);
    expect(new Map(facets?.categories.map(({ label, suppliers }) => [label, suppliers]))).toEqual(
      new Map([
        ["steel", 2n],
        ["freight", 2n],
        ["", 1n],
      ]),
    );
    expect(facets?.regions.map(({ label, suppliers }) => [label, suppliers])).toEqual([["EU", 2n]]);
    expect((await ops.suppliers.listSuppliers({})).facets).toBeUndefined();
  });

  test("a page without facets continues a list with facets; another order does not", async () => {
    const first = await ops.suppliers.listSuppliers({ pageSize: 2, includeFacets: true });
    const { nextPageToken: pageToken } = first;
    expect(await idsOf({ pageSize: 2, pageToken })).toBe("34");
    const call = ops.suppliers.listSuppliers({ pageSize: 2, pageToken, orderBy: SupplierOrder.SCORE });
    expect((await failureOf(call)).code).toBe(Code.InvalidArgument);
  });
});

test("an unknown exposure is not counted as 1: the impact is unset, and the answer says so", async () => {
  const { suppliers, impactFormula } = await ops.suppliers.listSuppliers({});
  const four = suppliers.find(({ supplierId }) => supplierId === "S-4");
  expect(four?.latestScore).toMatchObject({ exposureKnown: false, incomplete: true, completeness: 0.5 });
  expect([four?.exposure, four?.latestScore?.impact]).toEqual([undefined, undefined]);
  expect(impactFormula).toMatchObject({
    text: "risk score × exposure (EUR) × criticality weight (low 0.5, normal 1, high 2, critical 4)",
    currency: "EUR",
  });
  const one = suppliers.find(({ supplierId }) => supplierId === "S-1");
  expect(one?.latestScore?.impact).toBeCloseTo(0.8 * 100 * 4, 9);
});

describe("SearchSuppliers", () => {
  const wordOf = (kind: MatchKind) => Object.entries(MatchKind).find(([, number]) => number === kind)?.[0];
  const search = async (query: string) => {
    const { matches } = await ops.suppliers.searchSuppliers({ query });
    return matches.map(({ supplier, kind }) => `${supplier?.supplierId.slice(2)}:${wordOf(kind)}`);
  };
  test.each([
    ["s-2", ["2:SUPPLIER_ID"]],
    ["MÜLLER", ["2:NAME", "1:NAME"]],
    ["mu", ["2:NAME", "1:NAME"]],
    ["ah", []],
    ["stahl", ["1:NAME"]],
    ["stahl muller", ["1:NAME"]],
    ["angstrom", ["3:NAME"]],
    ["angsrtom", ["3:SIMILAR_NAME"]],
    ["100%", ["5:NAME"]],
    ["zeta_1", ["5:NAME"]],
    ["zetax1", ["5:SIMILAR_NAME"]],
    ["%%%", []],
    ["___", []],
    ["'; drop table supplier; --", []],
  ])("%s finds %j", async (query, expected) => {
    expect(await search(query)).toEqual(expected);
  });

  test("one error at any place of a word of six letters or more is found", async () => {
    const words = ["kaiser", "schmidt", "aldermoor", "brookvale"];
    const rows = words.map((word, i) => ({ supplierId: `typo-${i}`, name: `${word} 2000` }));
    await ops.suppliers.importSuppliers({ requestId: randomUUID(), onConflict: OnConflict.UPDATE, rows });
    const missed: string[] = [];
    let tried = 0;
    for (const [i, word] of words.entries())
      for (let at = 0; at < word.length; at++) {
        const [before, letter, after] = [word.slice(0, at), word[at] ?? "", word.slice(at + 1)];
        const swapped = after === "" || after[0] === letter ? [] : [`${before}${after[0]}${letter}${after.slice(1)}`];
        for (const typed of [`${before}x${after}`, `${before}${after}`, `${before}x${letter}${after}`, ...swapped]) {
          tried++;
          const { matches } = await ops.suppliers.searchSuppliers({ query: typed });
          if (!matches.some(({ supplier }) => supplier?.supplierId === `typo-${i}`)) missed.push(typed);
        }
      }
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThan(100);
  });

  test("returns scores, the number of alerts, and whether there are more", async () => {
    const { matches, truncated, modelName } = await ops.suppliers.searchSuppliers({ query: "s-", limit: 2 });
    expect([matches.length, truncated, modelName]).toEqual([2, true, "supplier-risk"]);
    expect(matches[0]?.supplier?.latestScore).toMatchObject({ riskScore: 0.8, band: Band.HIGH, contributions: [] });
    for (const query of ["", "x".repeat(201), "a\0"])
      expect((await failureOf(ops.suppliers.searchSuppliers({ query }))).code).toBe(Code.InvalidArgument);
    expect((await failureOf(ops.suppliers.searchSuppliers({ query: "a", limit: 51 }))).code).toBe(Code.InvalidArgument);
  });
});

describe("GetWeek", () => {
  test("summarizes the latest week in one call", async () => {
    const week = await ops.reports.getWeek({});
    expect(week).toMatchObject({
      ...{ isoWeek: "2026-W02", previousIsoWeek: "2026-W01", modelName: "supplier-risk", state: WeekState.CURRENT },
      ...{ latestIsoWeek: "2026-W02", currentIsoWeek: "2026-W03", laterFailure: "", laterRunning: false },
      ...{ suppliers: 5n, incompleteSuppliers: 1n, impactFormulaChanged: false },
      moneyAtRisk: { suppliersWithoutExposure: 1n },
    });
    expect(week.moneyAtRisk?.amount).toBeCloseTo(0.8 * 400 + 600 + 30, 6);
    expect(week.previousMoneyAtRisk?.amount).toBeCloseTo(0.5 * 400 + 9 + 30, 6);
    expect(week.risers).toMatchObject([{ supplierId: "S-1", name: "Müller Stahl GmbH", riskScore: 0.8 }]);
    expect(week.risers[0]?.change).toBeCloseTo(0.3, 6);
    expect(week.fallers).toMatchObject([{ supplierId: "S-2" }]);
    expect(week.bands.map(({ band, suppliers, previousSuppliers }) => [band, suppliers, previousSuppliers])).toEqual([
      [Band.UNKNOWN, 1n, 0n],
      [Band.LOW, 2n, 1n],
      [Band.MEDIUM, 1n, 1n],
      [Band.HIGH, 1n, 1n],
    ]);
    expect(Number(week.alerts?.raised)).toBeGreaterThan(0);
  });

  test("counts alerts that a person snoozed or resolved, and not those whose action was undone", async () => {
    const counted = async () => (await ops.reports.getWeek({})).alerts;
    const before = await counted();
    const [alert] = (await ops.alerts.listAlerts({})).alerts;
    const { alertId = "", version = 0n } = alert ?? {};
    const seen = async () => ({ alertId, version: (await ops.alerts.getAlert({ alertId })).alert?.version ?? 0n });
    await ops.alerts.snoozeAlert({ alertId, version, untilWorse: true });
    const { events } = await ops.alerts.getAlert({ alertId });
    expect(events[0]?.kind).toBe(AlertEventKind.SNOOZED);
    expect((await counted())?.snoozed).toBe((before?.snoozed ?? 0n) + 1n);
    await ops.alerts.undoAlertAction(await seen());
    expect((await counted())?.snoozed).toBe(before?.snoozed);
    await ops.alerts.resolveAlert({ ...(await seen()), disposition: Disposition.MITIGATED });
    expect((await counted())?.resolved).toBe((before?.resolved ?? 0n) + 1n);
    // A person's decision to open it again is not a rule that raised it.
    await ops.alerts.reopenAlert(await seen());
    expect(await counted()).toEqual({ ...before, resolved: (before?.resolved ?? 0n) + 1n });
  });

  test("summarizes an earlier week, which has nothing to compare with", async () => {
    const week = await ops.reports.getWeek({ isoWeek: "2026-W01" });
    expect(week).toMatchObject({ isoWeek: "2026-W01", previousIsoWeek: "", latestIsoWeek: "2026-W02", risers: [] });
    expect(week.previousMoneyAtRisk).toBeUndefined();
  });

  test("rejects weeks that do not exist, and finds no week without a run", async () => {
    expect((await failureOf(ops.reports.getWeek({ isoWeek: "2026-W54" }))).code).toBe(Code.InvalidArgument);
    expect((await failureOf(ops.reports.getWeek({ isoWeek: "2025-W53" }))).code).toBe(Code.InvalidArgument);
    expect((await failureOf(ops.reports.getWeek({ isoWeek: "2025-W10" }))).code).toBe(Code.NotFound);
    expect((await failureOf(ops.reports.getWeek({ modelName: "nobody" }))).code).toBe(Code.NotFound);
  });
});
