import { AlertOwnership, AlertService, AlertTab } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { DelegationService } from "@bellwether/gen/bellwether/ops/v1/delegation_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { reasonOf, runWeek, seenAlert } from "./ops-harness.ts";
import { createClock, removeLocalKeys, type SignInHarness, startSignIn } from "./sign-in-harness.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const DAY_MS = 86_400_000;
let cluster: PostgresServer;
let harness: SignInHarness;
const clock = createClock();
const clients = async (subject: string, role: "viewer" | "analyst" | "admin" | "service" = "analyst") => {
  const authorization = `Bearer ${await harness.token(subject, [role], 400 * 86_400)}`;
  const transport = createGrpcTransport({
    baseUrl: harness.ops.grpcUrl,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", authorization);
        return next(request);
      },
    ],
  });
  return {
    alerts: createClient(AlertService, transport),
    audit: createClient(AuditService, transport),
    batch: createClient((await import("@bellwether/gen/bellwether/ops/v1/batch_service_pb")).BatchService, transport),
    delegations: createClient(DelegationService, transport),
  };
};
const inDays = (days: number) => timestampFromMs(clock.now().getTime() + days * DAY_MS);

beforeAll(async () => {
  cluster = await usePostgres();
  harness = await startSignIn(await cluster.createDatabase(), { now: clock.now });
  const loader = await clients("loader", "service");
  await runWeek(
    { ...harness.ops, batch: loader.batch },
    "2026-W01",
    Array.from({ length: 4 }, (_, i) => ({ id: `s-${i}`, score: 0.9 })),
  );
});
afterAll(async () => {
  await harness?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await removeLocalKeys();
});

test("the deputy, who is signed in, has no scope, so nothing is hidden; an end takes effect at once", async () => {
  const [ada, bo] = [await clients("ada"), await clients("bo")];
  await harness.browserWithToken("bo", ["analyst"]);
  const made = await ada.delegations.setDelegation({ deputy: "bo", endsAt: inDays(2), reason: "ill" });
  expect([made.deputyScopeKnown, made.hiddenAlerts]).toEqual([true, 0]);
  const delegationId = made.delegation?.delegationId ?? "";
  expect((await bo.delegations.listDelegations({ person: "bo" })).delegations).toHaveLength(1);
  const { delegation } = await bo.delegations.endDelegation({ delegationId });
  expect(delegation?.endedBy).toBe("bo");
  expect((await bo.alerts.listAlerts({})).deputyFor).toEqual([]);
  expect((await bo.delegations.listDelegations({ person: "bo" })).delegations).toEqual([]);
  expect((await bo.delegations.listDelegations({ includeEnded: true })).delegations).toHaveLength(1);
  const auditor = await clients("auditor", "admin");
  const kinds = await Promise.all(
    ["delegation.set", "delegation.ended"].map(
      async (kind) => (await auditor.audit.queryEvents({ kind })).records[0]?.event?.actor,
    ),
  );
  expect(kinds).toEqual(["ada", "bo"]);
});

test("a deputy has the alerts of the owner among the own ones, from the start to the end", async () => {
  const [ada, bo] = [await clients("ada"), await clients("bo")];
  const { alerts } = await ada.alerts.listAlerts({});
  for (const [i, owner] of ["ada", "ada", "bo"].entries())
    await ada.alerts.assignAlert({ ...(await seenAlert(ada, alerts[i]?.alertId ?? "")), owner });
  const mineOf = async ({ alerts: client }: Pick<typeof bo, "alerts">) => {
    const list = await client.listAlerts({ tab: AlertTab.MINE });
    const owned = await client.listAlerts({ ownership: AlertOwnership.MINE });
    expect(owned.alerts.map(({ alertId }) => alertId)).toEqual(list.alerts.map(({ alertId }) => alertId));
    const owners = list.alerts.map(({ owner }) => owner).sort();
    return { owners, count: list.tabCounts?.myAlerts, total: list.totalSize, deputyFor: list.deputyFor };
  };
  const alone = { owners: ["bo"], count: 1, total: 1, deputyFor: [] };
  const both = { owners: ["ada", "ada", "bo"], count: 3, total: 3, deputyFor: ["ada"] };
  expect(await mineOf(bo)).toEqual(alone);
  const { delegation, deputyScopeKnown } = await ada.delegations.setDelegation({
    ...{ deputy: " bo ", startsAt: inDays(1), endsAt: inDays(3), reason: "on leave" },
  });
  expect(delegation).toMatchObject({ owner: "ada", deputy: "bo", createdBy: "ada", reason: "on leave" });
  expect(deputyScopeKnown).toBe(true);
  expect(await mineOf(bo)).toEqual(alone);
  clock.move(1.5 * DAY_MS);
  expect(await mineOf(bo)).toEqual(both);
  // The owner keeps the own alerts.
  expect((await mineOf(ada)).count).toBe(2);
  clock.move(2 * DAY_MS);
  expect(await mineOf(bo)).toEqual(alone);
});

test("of two delegations of an owner at the same time, one is stored", async () => {
  const eve = await clients("eve");
  const results = await Promise.all(
    ["bo", "cy"].map((deputy) =>
      eve.delegations.setDelegation({ deputy, endsAt: inDays(2), reason: "on leave" }).then(
        () => "OK",
        async (error) => (await reasonOf(Promise.reject(error)))[1],
      ),
    ),
  );
  expect(results.sort()).toEqual(["DELEGATION_OVERLAP", "OK"]);
});

test("requests that are not allowed are rejected with their reason", async () => {
  const [dan, viewer] = [await clients("dan"), await clients("vi", "viewer")];
  const request = { deputy: "cy", endsAt: inDays(2), reason: "on leave" };
  const reason = async (call: Promise<unknown>) => (await reasonOf(call))[1];
  expect(await reason(dan.delegations.setDelegation({ ...request, deputy: "dan" }))).toBe("DELEGATION_FIELD");
  expect(await reason(dan.delegations.setDelegation({ ...request, owner: "ada" }))).toBe("DELEGATION_OWNER");
  expect(await reason(dan.delegations.setDelegation({ ...request, endsAt: inDays(91) }))).toBe("DELEGATION_FIELD");
  expect(await reason(dan.delegations.setDelegation({ ...request, deputy: "eve" }))).toBe("DEPUTY_AWAY");
  expect(await reason(dan.delegations.setDelegation({ ...request, reason: " " }))).toBe("INVALID_REQUEST");
  expect(await reason(dan.delegations.setDelegation({ deputy: "cy", reason: "x" }))).toBe("INVALID_REQUEST");
  expect(await reason(viewer.delegations.setDelegation(request))).toBe("ROLE_MISSING");
  expect(await reason(dan.delegations.endDelegation({ delegationId: "00000000-0000-4000-8000-000000000000" }))).toBe(
    "DELEGATION_NOT_FOUND",
  );
});
