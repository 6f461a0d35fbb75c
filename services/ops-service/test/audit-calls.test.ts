import { randomUUID } from "node:crypto";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { reasonOf, runWeek, seenAlert, startOps } from "./ops-harness.ts";

let cluster: PostgresServer;
beforeAll(async () => {
  cluster = await usePostgres();
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

test("decisions and failed decisions are events, calls of a run are counted, and reads of viewers are none", async () => {
  const url = await cluster.createDatabase();
  await using reader = await startOps(url);
  {
    await using ops = await startOps(url, { audit: { calls: true } });
    await runWeek(ops, "2026-W01", [{ id: "s1", score: 0.9 }]);
    const { alerts } = await ops.alerts.listAlerts({});
    const alertId = alerts[0]?.alertId ?? "";
    await ops.alerts.acknowledgeAlert({ ...(await seenAlert(ops, alertId)), note: "seen" });
    expect(await reasonOf(ops.alerts.acknowledgeAlert({ alertId: randomUUID(), version: 1n }))).toEqual([
      ...[Code.NotFound, "ALERT_NOT_FOUND"],
    ]);
    const { records } = await vi.waitFor(async () => {
      const found = await reader.audit.queryEvents({ kind: "call.refused" });
      expect(found.records).toHaveLength(1);
      return found;
    });
    expect(JSON.parse(records[0]?.event?.payloadJson ?? "")).toMatchObject({
      ...{ rpc: "bellwether.ops.v1.AlertService/AcknowledgeAlert", code: "NOT_FOUND", reason: "ALERT_NOT_FOUND" },
      ...{ via: "none", producer: expect.any(String), sequence: expect.any(Number) },
    });
  }
  // The counts are stored when the service ends.
  const { records } = await reader.audit.queryEvents({ kind: "calls.made", pageSize: 500 });
  const counted = records.map(({ event }) => [
    String(JSON.parse(event?.payloadJson ?? "").rpc).split("/")[1],
    event?.subject,
    JSON.parse(event?.payloadJson ?? "").calls,
  ]);
  expect(counted).toEqual(expect.arrayContaining([["SubmitChunk", "run/1", 1]]));
  const made = await reader.audit.queryEvents({ kind: "call.made" });
  const rpcs = made.records.map(({ event }) => String(JSON.parse(event?.payloadJson ?? "").rpc).split("/")[1]);
  expect(rpcs).toContain("AcknowledgeAlert");
  expect([...rpcs, ...counted.map(([rpc]) => rpc)]).not.toContain("ListAlerts");
  expect((await reader.audit.queryEvents({ kind: "events.missing" })).records).toEqual([]);
  expect(await reader.audit.verifyChain({})).toMatchObject({ holds: true });
});
