import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runWeek } from "./ops-harness.ts";
import { type OpsWithPeople, startWithPeople } from "./people.ts";

vi.setConfig({ testTimeout: 60_000 });

let cluster: PostgresServer;
let ops: OpsWithPeople;

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startWithPeople(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }]);
}, 60_000);
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function statusOf(path: string, authorization: string | undefined, body?: object): Promise<number> {
  const stop = new AbortController();
  const response = await fetch(`${ops.webUrl}${path}`, {
    method: body ? "POST" : "GET",
    headers: authorization === undefined ? {} : { authorization },
    signal: stop.signal,
    ...(body && { body: JSON.stringify(body) }),
  });
  stop.abort();
  return response.status;
}

test.each(["/alerts/stream", "/suppliers", "/supplier?supplier_id=a"])(
  "GET %s answers a viewer, and nobody without a token",
  async (path) => {
    expect(await statusOf(path, undefined)).toBe(401);
    expect(await statusOf(path, `Bearer ${await ops.tokenOf("vi", "viewer")}`)).toBe(200);
  },
);

test("POST /alerts/action rejects a viewer and performs the action of an analyst, whose name is recorded", async () => {
  const [alert] = (await ops.alerts.listAlerts({})).alerts;
  const action = { alert_id: alert?.alertId, version: Number(alert?.version), action: "acknowledge" };
  expect(await statusOf("/alerts/action", undefined, action)).toBe(401);
  expect(await statusOf("/alerts/action", `Bearer ${await ops.tokenOf("vi", "viewer")}`, action)).toBe(403);
  expect((await ops.alerts.listAlerts({})).alerts[0]?.version).toBe(alert?.version);
  expect(await statusOf("/alerts/action", `Bearer ${await ops.tokenOf("ana", "analyst")}`, action)).toBe(200);
  expect((await ops.alerts.listAlerts({})).alerts[0]?.acknowledgedBy).toBe("ana");
});
