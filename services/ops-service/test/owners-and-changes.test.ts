import { randomUUID } from "node:crypto";
import { parseNoticeRoutes } from "@bellwether/config/notice-routes";
import { parseYaml } from "@bellwether/config/yaml-file";
import { AlertService, WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { OnConflict } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf, runWeek } from "./ops-harness.ts";
import { type OpsWithPeople, startWithPeople } from "./people.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CHANGES = [
  WeekChange.RAISED,
  WeekChange.WORSE,
  WeekChange.BETTER,
  WeekChange.CLEARED,
  WeekChange.SNOOZED,
  WeekChange.RESOLVED,
];
const MODEL = { modelName: "supplier-risk" };

const DAY_MS = 86_400_000;
const ROUTES = parseNoticeRoutes(
  parseYaml(
    'version: 1\ndestinations: [{ name: bo, channel: webhook, address: "https://e.org/" }]\nowners: [{ owner: bo, to: [bo] }]\n',
    "notice_routes.yaml",
  ),
);

let cluster: PostgresServer;
let ops: OpsWithPeople;
beforeAll(async () => {
  cluster = await usePostgres();
  const databaseUrl = await cluster.createDatabase();
  ops = await startWithPeople(databaseUrl, {
    notices: { routes: ROUTES, destinations: [], isDelivering: false, queueUrl: databaseUrl },
  });
  await runWeek(ops, "2026-W40", [
    { id: "S-1", score: 0.95 },
    { id: "S-2", score: 0.95 },
    { id: "S-3", score: 0.3 },
  ]);
  await runWeek(ops, "2026-W41", [
    { id: "S-1", score: 0.96 },
    { id: "S-2", score: 0.75 },
    { id: "S-3", score: 0.95 },
  ]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** Returns the id and the version of the active alert about a supplier. */
async function alertOf(supplierId: string) {
  const { alerts } = await ops.alerts.listAlerts({ supplierId });
  return { alertId: alerts[0]?.alertId ?? "", version: alerts[0]?.version ?? 0n };
}

describe("alerts that changed in a week", () => {
  const changed = async (weekChange: WeekChange, changeWeek = "") => {
    const { alerts, totalSize } = await ops.alerts.listAlerts({ ...MODEL, weekChange, changeWeek });
    expect(totalSize).toBe(alerts.length);
    return alerts.map(({ supplierId }) => supplierId).sort();
  };

  test("each number of GetWeek is the size of the list with that change, also of an earlier week", async () => {
    await ops.alerts.snoozeAlert({ ...(await alertOf("S-1")), untilWorse: true });
    await ops.alerts.resolveAlert({ ...(await alertOf("S-3")), disposition: 1 });
    expect(await changed(WeekChange.RAISED)).toEqual(["S-3"]);
    expect(await changed(WeekChange.RAISED, "2026-W40")).toEqual(["S-1", "S-2"]);
    expect(await changed(WeekChange.SNOOZED)).toEqual(["S-1"]);
    expect(await changed(WeekChange.RESOLVED)).toEqual(["S-3"]);
    for (const isoWeek of ["2026-W40", "2026-W41"]) {
      const { alerts } = await ops.reports.getWeek({ ...MODEL, isoWeek });
      const { raised, worse, better, cleared, snoozed, resolved } = alerts ?? expect.fail();
      const sizes = [];
      for (const change of CHANGES) sizes.push(BigInt((await changed(change, isoWeek)).length));
      expect([isoWeek, ...sizes]).toEqual([isoWeek, raised, worse, better, cleared, snoozed, resolved]);
    }
  });

  test("an alert that changes twice counts once", async () => {
    for (const until of [true, false]) await ops.alerts.snoozeAlert({ ...(await alertOf("S-2")), untilWorse: until });
    await ops.alerts.snoozeAlert({ ...(await alertOf("S-2")), untilWorse: true });
    const { alerts } = await ops.reports.getWeek(MODEL);
    expect(alerts?.snoozed).toBe(BigInt((await changed(WeekChange.SNOOZED)).length));
    expect((await changed(WeekChange.SNOOZED)).filter((id) => id === "S-2")).toHaveLength(1);
  });

  test("a week without a complete run has no changes, and without a model the request is rejected", async () => {
    expect(await changed(WeekChange.RAISED, "2026-W30")).toEqual([]);
    const failure = await failureOf(ops.alerts.listAlerts({ weekChange: WeekChange.RAISED }));
    expect([failure.code, failure.rawMessage]).toEqual([Code.InvalidArgument, expect.stringContaining("model_name")]);
  });

  test("a week of a change without the change is rejected, so that it is not ignored", async () => {
    const failure = await failureOf(ops.alerts.listAlerts({ changeWeek: "2026-W47" }));
    expect([failure.code, failure.rawMessage]).toEqual([Code.InvalidArgument, expect.stringContaining("week_change")]);
  });
});

describe("suggested owners", () => {
  const suggest = async (prefix: string, limit = 0) => {
    const jo = await ops.as("jo", "analyst");
    const { owners, truncated } = await jo.suggestOwners({ prefix, limit });
    return { owners: owners.map(({ owner, activeAlerts }) => `${owner} ${activeAlerts}`), truncated };
  };

  test("are the owners of active alerts and of suppliers, and people who acted, by their first letters", async () => {
    await ops.alerts.assignAlert({ ...(await alertOf("S-2")), owner: "Kim Meier" });
    await ops.suppliers.importSuppliers({
      requestId: randomUUID(),
      onConflict: OnConflict.UPDATE,
      rows: [
        { supplierId: "S-1", owner: "lee" },
        { supplierId: "S-2", owner: "Lea" },
      ],
    });
    await (await ops.as("joe", "analyst")).acknowledgeAlert(await alertOf("S-2"));
    expect((await suggest("")).owners).toEqual(expect.arrayContaining(["Kim Meier 1", "lee 0", "Lea 0", "joe 0"]));
    expect((await suggest("mei")).owners).toEqual(["Kim Meier 1"]);
    expect(await suggest("l", 1)).toMatchObject({ truncated: true });
    expect((await suggest("'; drop table x; --")).owners).toEqual([]);
  });

  test("are the owners of the notice routes, and owners and deputies of delegations until these end", async () => {
    expect((await suggest("bo")).owners).toEqual(["bo 0"]);
    const authorization = `Bearer ${await ops.tokenOf("admin", "admin")}`;
    const delegations = createClient(DelegationService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
    const { delegation } = await delegations.setDelegation(
      { owner: "Uma", deputy: "Udo", endsAt: timestampFromMs(Date.now() + DAY_MS), reason: "on leave" },
      { headers: { authorization } },
    );
    expect((await suggest("u")).owners).toEqual(["Udo 0", "Uma 0"]);
    const { delegationId = "" } = delegation ?? {};
    await delegations.endDelegation({ delegationId }, { headers: { authorization } });
    expect((await suggest("u")).owners).toEqual([]);
  });

  test("are not for viewers", async () => {
    const viewer = await ops.as("vic", "viewer");
    expect((await failureOf(viewer.suggestOwners({}))).code).toBe(Code.PermissionDenied);
    const client = createClient(AlertService, createGrpcTransport({ baseUrl: ops.grpcUrl }));
    expect((await failureOf(client.suggestOwners({}))).code).toBe(Code.Unauthenticated);
  });
});
