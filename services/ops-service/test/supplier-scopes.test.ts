import { randomUUID } from "node:crypto";
import { globSync } from "node:fs";
import path from "node:path";
import { createRiskPolicy } from "@bellwether/config/risk-policy";
import { AlertSeverity, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { OnConflict, SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { WatchlistService, WatchlistVisibility } from "@bellwether/gen/bellwether/ops/v1/watchlist_service_pb";
import { ScopeRule, scope_rule as scopeRuleOption } from "@bellwether/gen/bellwether/policy/v1/scope_pb";
import type { SupplierScope } from "@bellwether/mesh/call/supplier-scope";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { type DescService, getOption } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf, runWeek } from "./ops-harness.ts";
import { type OpsWithPeople, startWithPeople } from "./people.ts";
import { SIGN_IN } from "./sign-in-harness.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Suppliers with an even number are of the region EU, the others of US; those from 4 on have an alert. */
const SUPPLIERS = Array.from({ length: 12 }, (_, i) => ({ id: `s-${i}`, score: i < 4 ? 0.1 : 0.75 + i / 100 }));
const EUROPE: SupplierScope = { regions: ["EU"], categories: [] };
const OWN = 6;
const FOREIGN = 6;

let cluster: PostgresServer;
let ops: OpsWithPeople;
/** The clients of somebody who sees only the suppliers of EU, and of an administrator who sees all. */
let europe: Clients;
let all: Clients;
let alertOf: ReadonlyMap<string, string>;
type Clients = Awaited<ReturnType<typeof clientsWith>>;

beforeAll(async () => {
  cluster = await usePostgres();
  const losses = { maxRejectedShare: 1, maxRejectedRows: 1_000_000_000, minSuppliersShare: 0 };
  const riskPolicy = createRiskPolicy(losses, { reviews: { share: 1, maxSuppliers: 50 } });
  ops = await startWithPeople(await cluster.createDatabase(), { riskPolicy, signIn: SIGN_IN });
  const values = (i: number): readonly number[] => [0.5, i, 3, 1];
  for (const [week, shift] of [
    ["2026-W01", 0.05],
    ["2026-W02", 0],
  ] as const)
    await runWeek(
      ops,
      week,
      SUPPLIERS.map(({ id, score }, i) => ({ id, score: score - (i % 3) * shift, exposure: 1_000, values: values(i) })),
    );
  europe = await clientsWith("eva", EUROPE);
  all = await clientsWith("root", undefined);
  const { alerts } = await all.alerts.listAlerts({});
  alertOf = new Map(alerts.map(({ supplierId, alertId }) => [supplierId, alertId]));
  await vi.waitUntil(async () => (await all.outcomes.listReviews({})).reviews.length > 0, { timeout: 20_000 });
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function clientsWith(subject: string, scope: SupplierScope | undefined) {
  const authorization = `Bearer ${await ops.tokenOf(subject, "admin", scope)}`;
  const transport = createGrpcTransport({
    baseUrl: ops.grpcUrl,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", authorization);
        return next(request);
      },
    ],
  });
  return {
    alerts: createClient(AlertService, transport),
    suppliers: createClient(SupplierService, transport),
    outcomes: createClient(OutcomeService, transport),
    reports: createClient(ReportService, transport),
    delegations: createClient(DelegationService, transport),
    watchlists: createClient(WatchlistService, transport),
  };
}

/** Signs a person in on the page, so that the service knows which suppliers the person sees. */
async function signIn(subject: string, scope: SupplierScope): Promise<void> {
  const answer = await fetch(`${ops.webUrl}/auth/token`, {
    method: "POST",
    body: JSON.stringify({ token: await ops.tokenOf(subject, "analyst", scope) }),
    headers: { "content-type": "application/json", origin: ops.webUrl },
  });
  expect(answer.status).toBe(200);
}

const isEuropean = (supplierId: string): boolean => Number(/\d+$/.exec(supplierId)?.[0]) % 2 === 0;
const reasonOf = async (call: Promise<unknown>): Promise<string> => {
  const error = await call.then(
    () => undefined,
    () => failureOf(call),
  );
  return error ? `${Code[error.code]}: ${error.rawMessage}` : "OK";
};
const seen = async (supplierId: string) => {
  const { alert } = await all.alerts.getAlert({ alertId: alertOf.get(supplierId) ?? "" });
  return { alertId: alert?.alertId ?? "", version: alert?.version ?? 0n };
};

/** Expects that a call about a foreign alert answers as about an id that nobody has, and changes nothing. */
async function expectHidden(act: (target: { alertId: string; version: bigint }) => Promise<unknown>): Promise<void> {
  const [foreign, unknown] = [await seen("s-5"), randomUUID()];
  const before = await all.alerts.getAlert({ alertId: foreign.alertId });
  const hidden = await reasonOf(act(foreign));
  expect(hidden).toMatch(/^NotFound: /);
  const missing = await reasonOf(act({ alertId: unknown, version: foreign.version }));
  expect(hidden.replace(foreign.alertId, "ID")).toBe(missing.replace(unknown, "ID"));
  expect(await all.alerts.getAlert({ alertId: foreign.alertId })).toEqual(before);
}

/** Returns the ids of a caller's own lists. */
async function listsOf(who: Clients): Promise<string[]> {
  const { watchlists } = await who.watchlists.listWatchlists({});
  return watchlists.filter(({ mayChange }) => mayChange).map(({ watchlistId }) => watchlistId);
}

/** Returns the id of a list of the administrator, which everybody sees, with an own and a foreign supplier. */
async function sharedList(): Promise<string> {
  const visibility = WatchlistVisibility.SHARED;
  const { watchlist } = await all.watchlists.createWatchlist({ name: "shared", visibility });
  const watchlistId = watchlist?.watchlistId ?? "";
  await all.watchlists.addWatchedSuppliers({ watchlistId, supplierIds: ["s-4", "s-5"] });
  return watchlistId;
}

const note = "";
const until = timestampFromMs(Date.now() + 86_400_000);

/**
 * For every RPC that filters by the scope of its caller: what a caller of EU gets about its own and about foreign
 * suppliers. The test below fails for an RPC that declares SCOPE_RULE_FILTERED and has no case.
 */
const CASES: Readonly<Record<string, () => Promise<void>>> = {
  "AlertService/ListAlerts": async () => {
    const { alerts, totalSize, tabCounts, nextPageToken } = await europe.alerts.listAlerts({ pageSize: 2 });
    expect(alerts.map(({ supplierId }) => supplierId).filter((id) => !isEuropean(id))).toEqual([]);
    expect([totalSize, tabCounts?.activeAlerts, tabCounts?.newAlerts]).toEqual([4, 4, 4]);
    const both = await all.alerts.listAlerts({ pageSize: 2 });
    expect([both.totalSize, both.tabCounts?.activeAlerts]).toEqual([8, 8]);
    // Counts of both callers at the same time are not shared.
    const counts = await Promise.all([europe, all, europe, all].map(({ alerts: client }) => client.listAlerts({})));
    expect(counts.map((answer) => answer.tabCounts?.activeAlerts)).toEqual([4, 8, 4, 8]);
    expect((await europe.alerts.listAlerts({ region: "US" })).totalSize).toBe(0);
    expect((await europe.alerts.listAlerts({ supplierId: "s-5" })).alerts).toEqual([]);
    expect((await europe.alerts.listAlerts({ text: "Name of s-5" })).alerts).toEqual([]);
    const rest = await europe.alerts.listAlerts({ pageSize: 2, pageToken: nextPageToken });
    expect(rest.alerts).toHaveLength(2);
    expect(await reasonOf(europe.alerts.listAlerts({ pageSize: 2, pageToken: both.nextPageToken }))).toMatch(
      /InvalidArgument: page_token belongs to a list with another filter/,
    );
  },
  "AlertService/GetAlert": async () => {
    expect((await europe.alerts.getAlert({ alertId: alertOf.get("s-4") ?? "" })).alert?.supplierId).toBe("s-4");
    await expectHidden(({ alertId }) => europe.alerts.getAlert({ alertId }));
  },
  "AlertService/AcknowledgeAlert": async () => {
    await europe.alerts.acknowledgeAlert(await seen("s-4"));
    await expectHidden((target) => europe.alerts.acknowledgeAlert(target));
  },
  "AlertService/StartMitigation": async () => {
    await europe.alerts.startMitigation(await seen("s-4"));
    await expectHidden((target) => europe.alerts.startMitigation(target));
  },
  "AlertService/ResolveAlert": async () => {
    await europe.alerts.resolveAlert({ ...(await seen("s-8")), disposition: Disposition.MITIGATED, note });
    await expectHidden((target) => europe.alerts.resolveAlert({ ...target, disposition: Disposition.MITIGATED }));
    // Nor is a foreign alert the original of a duplicate.
    const duplicate = { disposition: Disposition.DUPLICATE, duplicateOfAlertId: alertOf.get("s-5") ?? "" };
    expect(await reasonOf(europe.alerts.resolveAlert({ ...(await seen("s-4")), ...duplicate }))).toMatch(
      /InvalidArgument: .*no alert has this id/,
    );
  },
  "AlertService/ReopenAlert": async () => {
    await europe.alerts.reopenAlert(await seen("s-8"));
    await expectHidden((target) => europe.alerts.reopenAlert(target));
  },
  "AlertService/UndoAlertAction": async () => {
    const { alert } = await europe.alerts.assignAlert({ ...(await seen("s-8")), owner: "eva" });
    await europe.alerts.undoAlertAction({ alertId: alert?.alertId ?? "", version: alert?.version ?? 0n });
    const mine = await clientsWith("eva", undefined);
    await mine.alerts.assignAlert({ ...(await seen("s-5")), owner: "eva" });
    await expectHidden((target) => europe.alerts.undoAlertAction(target));
  },
  "AlertService/AssignAlert": async () => {
    await europe.alerts.assignAlert({ ...(await seen("s-6")), owner: "eva" });
    expect((await europe.alerts.listAlerts({})).tabCounts?.myAlerts).toBe(1);
    await expectHidden((target) => europe.alerts.assignAlert({ ...target, owner: "eva" }));
  },
  "AlertService/SnoozeAlert": async () => {
    await europe.alerts.snoozeAlert({ ...(await seen("s-6")), until });
    await expectHidden((target) => europe.alerts.snoozeAlert({ ...target, until }));
  },
  "AlertService/CommentOnAlert": async () => {
    await europe.alerts.commentOnAlert({ ...(await seen("s-6")), comment: "called" });
    await expectHidden((target) => europe.alerts.commentOnAlert({ ...target, comment: "called" }));
  },
  "AlertService/OverrideAlert": async () => {
    const override = { severity: AlertSeverity.WARNING, reason: "paid in full", until };
    await europe.alerts.overrideAlert({ ...(await seen("s-6")), ...override });
    await expectHidden((target) => europe.alerts.overrideAlert({ ...target, ...override }));
  },
  "AlertService/DecideAlerts": async () => {
    const targets = [await seen("s-10"), await seen("s-7")];
    const actions = targets.map((value) => ({ action: { case: "acknowledge" as const, value } }));
    const { results } = await europe.alerts.decideAlerts({ actions });
    expect(results.map(({ alert, error }) => [alert?.supplierId, error?.code, error?.reason])).toEqual([
      ["s-10", undefined, undefined],
      [undefined, "NOT_FOUND", "ALERT_NOT_FOUND"],
    ]);
    expect((await seen("s-7")).version).toBe(targets[1]?.version);
  },
  "AlertService/SuggestOwners": async () => {
    for (const id of ["s-9", "s-10"]) await all.alerts.assignAlert({ ...(await seen(id)), owner: "zoe" });
    const [own, every] = await Promise.all([europe, all].map((who) => who.alerts.suggestOwners({ prefix: "zoe" })));
    expect(own?.owners[0]?.activeAlerts).toBe(1);
    expect(every?.owners[0]?.activeAlerts).toBe(2);
  },
  "AlertService/WatchAlerts": async () => {
    const ended = new AbortController();
    const received: string[] = [];
    const reading = (async () => {
      for await (const { alerts } of europe.alerts.watchAlerts({ afterSequence: 0n }, { signal: ended.signal }))
        received.push(...alerts.map(({ supplierId }) => supplierId));
    })().catch(() => {});
    const opened = Promise.withResolvers<void>();
    const live: string[] = [];
    const following = (async () => {
      for await (const { alerts } of europe.alerts.watchAlerts({}, { signal: ended.signal })) {
        opened.resolve();
        live.push(...alerts.map(({ supplierId }) => supplierId));
      }
    })().catch(() => {});
    await opened.promise;
    await all.alerts.assignAlert({ ...(await seen("s-11")), owner: "bo" });
    await all.alerts.assignAlert({ ...(await seen("s-10")), owner: "bo" });
    await vi.waitUntil(() => live.includes("s-10") && received.at(-1) === "s-10", { timeout: 20_000 });
    ended.abort();
    await Promise.all([reading, following]);
    expect(received.filter((id) => !isEuropean(id))).toEqual([]);
    expect(new Set(received).size).toBe(4);
    expect(live).toEqual(["s-10"]);
  },
  "SupplierService/SearchSuppliers": async () => {
    const found = async (query: string, who = europe) =>
      (await who.suppliers.searchSuppliers({ query })).matches.map(({ supplier }) => supplier?.supplierId).sort();
    expect(await found("s-4")).toEqual(["s-4"]);
    expect(await found("s-5", all)).toEqual(["s-5"]);
    expect(await found("s-5")).toEqual([]);
    expect((await found("Name of")).length).toBe(OWN);
    // A foreign supplier that matches better must not hide a similar one.
    expect(await found("Name of s-5")).toEqual(await found("Name of s-99"));
  },
  "SupplierService/ListSuppliers": async () => {
    const list = await europe.suppliers.listSuppliers({ includeFacets: true, pageSize: 4 });
    expect(list.suppliers.map(({ supplierId }) => supplierId).filter((id) => !isEuropean(id))).toEqual([]);
    expect(list.totalSize).toBe(BigInt(OWN));
    expect(list.facets?.regions.map(({ label, suppliers }) => [label, suppliers])).toEqual([["EU", BigInt(OWN)]]);
    const next = await europe.suppliers.listSuppliers({ pageSize: 4, pageToken: list.nextPageToken });
    expect(next.suppliers).toHaveLength(2);
    expect((await europe.suppliers.listSuppliers({ regions: ["US"] })).totalSize).toBe(0n);
    expect((await europe.suppliers.listSuppliers({ hasActiveAlerts: false })).totalSize).toBe(2n);
    const similar = await europe.suppliers.listSuppliers({ query: "Name of s-5" });
    expect(similar.suppliers.filter(({ supplierId }) => !isEuropean(supplierId))).toEqual([]);
    const every = await all.suppliers.listSuppliers({ pageSize: 4 });
    expect(every.totalSize).toBe(BigInt(OWN + FOREIGN));
    expect(await reasonOf(europe.suppliers.listSuppliers({ pageSize: 4, pageToken: every.nextPageToken }))).toMatch(
      /InvalidArgument: page_token/,
    );
  },
  "SupplierService/GetSupplier": async () => {
    expect((await europe.suppliers.getSupplier({ supplierId: "s-4" })).history).toHaveLength(2);
    await expectNoSupplier((supplierId) => europe.suppliers.getSupplier({ supplierId }));
  },
  "SupplierService/ExplainScore": () => expectNoSupplier((id) => europe.suppliers.explainScore({ supplierId: id })),
  "SupplierService/ExplainScoreChange": () =>
    expectNoSupplier((id) => europe.suppliers.explainScoreChange({ supplierId: id })),
  "SupplierService/FindCounterfactuals": () =>
    expectNoSupplier((id) => europe.suppliers.findCounterfactuals({ supplierId: id })),
  "SupplierService/NarrateSupplier": () =>
    expectNoSupplier((id) => europe.suppliers.narrateSupplier({ supplierId: id })),
  "SupplierService/ListMasterData": async () => {
    const { suppliers, nextPageToken } = await europe.suppliers.listMasterData({ pageSize: 4 });
    const rest = await europe.suppliers.listMasterData({ pageSize: 4, pageToken: nextPageToken });
    expect([...suppliers, ...rest.suppliers].map(({ supplierId }) => supplierId).sort()).toEqual(
      SUPPLIERS.map(({ id }) => id)
        .filter(isEuropean)
        .sort(),
    );
  },
  "SupplierService/ImportSuppliers": async () => {
    const tax = (value: string) => [{ kind: "vat", value }];
    await all.suppliers.importSuppliers({
      requestId: randomUUID(),
      rows: [{ supplierId: "s-1", identifiers: tax("DE100000001") }],
      onConflict: OnConflict.STOP,
    });
    const rows = [
      { supplierId: "s-0", owner: "eva" },
      { supplierId: "s-1", owner: "eva" },
      { supplierId: "s-2", region: "US" },
      { supplierId: "new-1", name: "No region" },
      { supplierId: "new-2", region: "US" },
      { supplierId: "new-3", region: "EU" },
      { supplierId: "s-4", identifiers: tax("DE100000001") },
    ];
    const requestId = randomUUID();
    const answer = await europe.suppliers.importSuppliers({ requestId, rows, onConflict: OnConflict.UPDATE });
    expect(answer).toMatchObject({ created: 1, updated: 1, rejected: 5 });
    const outside = "is not, or would not be, a supplier of your regions and categories";
    expect(answer.violations.map(({ row, reason }) => [row, reason])).toEqual([
      ...[1, 2, 3, 4].map((row) => [row, outside]),
      [6, "already belongs to another supplier; merge both, or declare it as shared"],
    ]);
    expect((await all.suppliers.getSupplier({ supplierId: "s-1" })).supplier?.owner).toBe("");
    // The stored answer is not sent to a caller with another scope.
    expect(await reasonOf(all.suppliers.importSuppliers({ requestId, rows, onConflict: OnConflict.UPDATE }))).toMatch(
      /^(FailedPrecondition|InvalidArgument|AlreadyExists|Aborted): /,
    );
  },
  "OutcomeService/RecordOutcomes": async () => {
    const rows = ["s-4", "s-5", "nobody"].map((supplierId) => ({
      ...{ supplierId, isoWeek: "2026-W01", value: OutcomeValue.NOT_OCCURRED },
    }));
    const answer = await europe.outcomes.recordOutcomes({ requestId: randomUUID(), rows });
    expect(answer).toMatchObject({ recorded: 1, rejected: 2 });
    expect(new Set(answer.violations.map(({ reason }) => reason)).size).toBe(1);
  },
  "OutcomeService/ListOutcomes": async () => {
    await all.outcomes.recordOutcomes({
      requestId: randomUUID(),
      rows: [{ supplierId: "s-5", isoWeek: "2026-W01", value: OutcomeValue.NOT_OCCURRED }],
    });
    const { outcomes } = await europe.outcomes.listOutcomes({});
    expect(outcomes.map(({ supplierId }) => supplierId)).toEqual(["s-4"]);
    expect((await europe.outcomes.listOutcomes({ supplierId: "s-5" })).outcomes).toEqual([]);
  },
  "OutcomeService/CorrectOutcome": async () => {
    const { outcomes } = await all.outcomes.listOutcomes({});
    const idOf = (supplierId: string) => outcomes.find((one) => one.supplierId === supplierId)?.outcomeId ?? "";
    const correct = (outcomeId: string) => europe.outcomes.correctOutcome({ outcomeId, reason: "recorded by mistake" });
    const unknown = randomUUID();
    expect((await reasonOf(correct(idOf("s-5")))).replace(idOf("s-5"), "ID")).toBe(
      (await reasonOf(correct(unknown))).replace(unknown, "ID"),
    );
    expect(await reasonOf(correct(idOf("s-4")))).toBe("OK");
  },
  "OutcomeService/ListReviews": async () => {
    const { reviews } = await europe.outcomes.listReviews({});
    expect(reviews.map(({ supplierId }) => supplierId)).toEqual(["s-0", "s-2"]);
    expect((await all.outcomes.listReviews({})).reviews).toHaveLength(4);
  },
  "DelegationService/SetDelegation": async () => {
    for (const id of ["s-5", "s-6"]) await all.alerts.assignAlert({ ...(await seen(id)), owner: "gus" });
    const hand = async (who: Clients, deputy: string) => {
      const endsAt = timestampFromMs(Date.now() + 86_400_000);
      const answer = await who.delegations.setDelegation({ deputy, endsAt, reason: "on leave" });
      await who.delegations.endDelegation({ delegationId: answer.delegation?.delegationId ?? "" });
      return [answer.deputyScopeKnown, answer.hiddenAlerts, answer.hiddenSupplierIds];
    };
    await signIn("hal", { regions: ["Atlantis"], categories: [] });
    const [gus, narrow] = [await clientsWith("gus", undefined), await clientsWith("gus", EUROPE)];
    // Only an administrator without a scope hands over the alerts of others.
    const others = { owner: "gus", deputy: "hal", endsAt: until, reason: "on leave" };
    expect(await reasonOf(europe.delegations.setDelegation(others))).toMatch(/^PermissionDenied: the alerts are those/);
    // What the deputy does not see is counted among what the caller sees.
    expect(await hand(gus, "hal")).toEqual([true, 2, ["s-5", "s-6"]]);
    expect(await hand(narrow, "hal")).toEqual([true, 1, ["s-6"]]);
    expect(await hand(narrow, "nobody")).toEqual([false, 0, []]);
  },
  "WatchlistService/CreateWatchlist": async () => {
    const { watchlist } = await europe.watchlists.createWatchlist({ name: "own" });
    expect(watchlist).toMatchObject({ suppliers: 0, mayChange: true });
  },
  "WatchlistService/AddWatchedSuppliers": async () => {
    const [id = ""] = await listsOf(europe);
    expect((await europe.watchlists.addWatchedSuppliers({ watchlistId: id, supplierIds: ["s-4"] })).added).toBe(1);
    const add = (supplierId: string) =>
      europe.watchlists.addWatchedSuppliers({ watchlistId: id, supplierIds: ["s-6", supplierId] });
    expect((await reasonOf(add("s-5"))).replace("s-5", "ID")).toBe((await reasonOf(add("s-99"))).replace("s-99", "ID"));
    expect((await europe.watchlists.getWatchlist({ watchlistId: id })).supplierIds).toEqual(["s-4"]);
  },
  "WatchlistService/GetWatchlist": async () => {
    const shared = await sharedList();
    const { watchlist, supplierIds } = await europe.watchlists.getWatchlist({ watchlistId: shared });
    expect([watchlist?.suppliers, watchlist?.mayChange, supplierIds]).toEqual([1, false, ["s-4"]]);
    const listed = await europe.suppliers.listSuppliers({ watchlistId: shared });
    expect(listed.suppliers.map(({ supplierId }) => supplierId)).toEqual(["s-4"]);
    expect((await europe.alerts.listAlerts({ watchlistId: shared })).totalSize).toBe(1);
    expect((await all.alerts.listAlerts({ watchlistId: shared })).totalSize).toBe(2);
  },
  "WatchlistService/ListWatchlists": async () => {
    const shared = await sharedList();
    const has = async (who: Clients, supplierId: string) => {
      const { watchlists } = await who.watchlists.listWatchlists({ supplierId });
      const found = watchlists.find(({ watchlistId }) => watchlistId === shared);
      return [found?.suppliers, found?.hasSupplier];
    };
    expect(await has(europe, "s-5")).toEqual([1, false]);
    expect(await has(europe, "s-4")).toEqual([1, true]);
    expect(await has(all, "s-5")).toEqual([2, true]);
  },
  "WatchlistService/RemoveWatchedSuppliers": async () => {
    const narrow = await clientsWith("root", EUROPE);
    const shared = await sharedList();
    const supplierIds = ["s-4", "s-5"];
    expect((await narrow.watchlists.removeWatchedSuppliers({ watchlistId: shared, supplierIds })).removed).toBe(1);
    expect((await all.watchlists.getWatchlist({ watchlistId: shared })).supplierIds).toEqual(["s-5"]);
  },
  "WatchlistService/UpdateWatchlist": async () => {
    const [id = ""] = await listsOf(europe);
    const { watchlist: list } = await europe.watchlists.getWatchlist({ watchlistId: id });
    const change = { watchlistId: id, version: list?.version ?? 0n, name: "renamed" };
    expect((await europe.watchlists.updateWatchlist(change)).watchlist?.suppliers).toBe(1);
    // An administrator with a scope does not administer the lists of others.
    const [shared, version] = [await sharedList(), 99n];
    expect(await reasonOf(europe.watchlists.updateWatchlist({ watchlistId: shared, version, name: "x" }))).toMatch(
      /^PermissionDenied/,
    );
  },
  "WatchlistService/DeleteWatchlist": async () => {
    const [id = ""] = await listsOf(europe);
    const { watchlist: list } = await europe.watchlists.getWatchlist({ watchlistId: id });
    await europe.watchlists.deleteWatchlist({ watchlistId: id, version: list?.version ?? 0n });
    expect(await listsOf(europe)).toEqual([]);
  },
  "ReportService/GetWeek": async () => {
    const [own, every] = await Promise.all([europe, all].map(({ reports }) => reports.getWeek({})));
    expect([own?.suppliers, every?.suppliers]).toEqual([BigInt(OWN), BigInt(OWN + FOREIGN)]);
    expect(own?.moneyAtRisk?.amount).toBeLessThan(every?.moneyAtRisk?.amount ?? 0);
    expect([own?.alerts?.raised, every?.alerts?.raised].map(Number)).toEqual([4, 8]);
    const movers = [...(own?.risers ?? []), ...(own?.fallers ?? [])];
    expect(movers.length).toBeGreaterThan(0);
    expect(movers.map(({ supplierId }) => supplierId).filter((id) => !isEuropean(id))).toEqual([]);
  },
};

/** Expects that a foreign supplier is answered as one that nobody has, and an own one differently. */
async function expectNoSupplier(call: (supplierId: string) => Promise<unknown>): Promise<void> {
  const foreign = await reasonOf(call("s-5"));
  expect(foreign).toMatch(/^NotFound: /);
  expect(foreign.replace("s-5", "ID")).toBe((await reasonOf(call("s-99"))).replace("s-99", "ID"));
  expect(await reasonOf(call("s-4"))).not.toBe(foreign.replace("s-5", "s-4"));
}

describe("a caller of EU sees its own suppliers only, in", () => {
  test.each(Object.entries(CASES))("%s", (_, check) => check());
});

const GENERATED = path.resolve(import.meta.dirname, "../../../gen/bellwether/ops/v1");
const isService = (value: unknown): value is DescService =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "service";

test("every RPC of ops-service that filters by the scope has a case above", async () => {
  const modules: readonly object[] = await Promise.all(
    globSync("*_pb.ts", { cwd: GENERATED }).map((file) => import(path.join(GENERATED, file))),
  );
  const services = modules.flatMap((module): unknown[] => Object.values(module)).filter(isService);
  const filtered = services.flatMap(({ name, methods }) =>
    methods
      .filter((method) => getOption(method, scopeRuleOption) === ScopeRule.FILTERED)
      .map((method) => `${name}/${method.name}`),
  );
  expect(Object.keys(CASES).sort()).toEqual(filtered.sort());
});

test("a key of a request is not answered to the same person with another scope", async () => {
  const headers = { "idempotency-key": randomUUID() };
  const request = { ...(await seen("s-9")), owner: "ida" };
  const wide = await clientsWith("ida", undefined);
  const narrow = await clientsWith("ida", EUROPE);
  await wide.alerts.assignAlert(request, { headers });
  expect(await reasonOf(narrow.alerts.assignAlert(request, { headers }))).not.toBe("OK");
});

test("a scope of a region that no supplier has shows nothing", async () => {
  const nobody = await clientsWith("nora", { regions: ["Atlantis"], categories: [] });
  expect((await nobody.suppliers.listSuppliers({ includeFacets: true })).totalSize).toBe(0n);
  expect((await nobody.alerts.listAlerts({})).tabCounts?.activeAlerts).toBe(0);
  expect((await nobody.reports.getWeek({})).suppliers).toBe(0n);
  expect(await reasonOf(nobody.suppliers.getSupplier({ supplierId: "s-4" }))).toMatch(/^NotFound/);
});
