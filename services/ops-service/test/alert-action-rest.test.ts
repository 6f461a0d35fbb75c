import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type OpsHarness, runWeek, startOps } from "./ops-harness.ts";

vi.setConfig({ testTimeout: 60_000 });

let cluster: PostgresCluster;
let ops: OpsHarness;
let alertId: string;

beforeAll(async () => {
  cluster = await startPostgresCluster();
  ops = await startOps(await cluster.createDatabase());
  await runWeek(ops, "2026-W01", [{ id: "a", score: 0.9 }]);
  alertId = (await ops.alerts.listAlerts({})).alerts[0]?.alertId ?? "";
}, 60_000);
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function post(body: unknown) {
  const response = await fetch(`${ops.webUrl}/alerts/action`, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
}
const target = async () => ({
  alert_id: alertId,
  version: Number((await ops.alerts.getAlert({ alertId })).alert?.version),
});

test("the actions change the alert one after the other", async () => {
  const act = async (fields: object) => (await post({ ...(await target()), ...fields })).body.alert;
  expect(await act({ action: "assign", owner: "ana" })).toMatchObject({ alert_id: alertId, owner: "ana" });
  expect(await act({ action: "acknowledge", note: "x".repeat(2000) })).toMatchObject({ state: "acknowledged" });
  expect(await act({ action: "start_mitigation" })).toMatchObject({ state: "in_mitigation" });
  const resolved = await act({ action: "resolve", disposition: "mitigated", note: "done" });
  expect(resolved).toMatchObject({ state: "resolved", disposition: "mitigated" });
  expect(await act({ action: "reopen", note: "again" })).toMatchObject({ state: "open" });
});

test.each([
  [{ action: "acknowlege" }, 400, 'did you mean \\"acknowledge\\"'],
  [{ action: "acknowledge", owner: "x" }, 400, "owner"],
  [{ action: "acknowledge", version: 0 }, 400, "version"],
  [{ action: "acknowledge", version: "1" }, 400, "version"],
  [{ action: "acknowledge", version: 2 ** 53 }, 400, "version"],
  [{ action: "acknowledge", version: 1_000_000 }, 409, "ALERT_CHANGED"],
  [{ action: "acknowledge", note: "x".repeat(2001) }, 400, '"field":"note"'],
  [{ action: "acknowledge", note: 1 }, 400, "note"],
  [{ action: "acknowledge", alert_id: "a" }, 400, '"field":"alert_id"'],
  [{ action: "acknowledge", alert_id: "7d444840-9dc0-11d1-b245-5ffdce74fad2" }, 404, "7d444840"],
  [{ action: "resolve", disposition: "lost" }, 400, "disposition"],
  [{ action: "assign" }, 400, "owner"],
])("%j is a problem with status %i that names %s and changes nothing", async (fields, status, expected) => {
  const before = await target();
  const answer = await post({ ...before, ...fields });
  expect([answer.status, answer.type]).toEqual([status, "application/problem+json"]);
  expect(JSON.stringify(answer.body)).toContain(expected);
  expect(await target()).toEqual(before);
});

test.each([[[]], [null], ["x"]])("the body %j is a problem", async (body) => {
  expect((await post(body)).status).toBe(400);
});
