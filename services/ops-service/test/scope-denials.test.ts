import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { PerformanceService } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { failureOf, runWeek } from "./ops-harness.ts";
import { type OpsWithPeople, startWithPeople } from "./people.ts";

vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 });

let cluster: PostgresServer;
let ops: OpsWithPeople;

beforeAll(async () => {
  cluster = await usePostgres();
  ops = await startWithPeople(await cluster.createDatabase());
  // The suppliers at even positions are of the region EU, the others of US.
  await runWeek(ops, "2026-W01", [
    { id: "own", score: 0.9 },
    { id: "foreign", score: 0.9 },
  ]);
});
afterAll(async () => {
  await ops?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

async function europe() {
  const token = await ops.tokenOf("vera", "analyst", { regions: ["EU"], categories: [] });
  const transport = createGrpcTransport({
    baseUrl: ops.grpcUrl,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
  return {
    alerts: createClient(AlertService, transport),
    performance: createClient(PerformanceService, transport),
    reports: createClient(ReportService, transport),
  };
}

test("what is denied to a scope says why, and what the caller can ask for instead", async () => {
  const { reports, performance } = await europe();
  const report = await failureOf(reports.getReport({}));
  expect([report.code, report.rawMessage]).toEqual([
    Code.PermissionDenied,
    expect.stringMatching(/is about all suppliers together.*\. The report is stored.* ReportService\/GetWeek has/),
  ]);
  const measured = await failureOf(performance.getPerformance({}));
  expect([measured.code, measured.rawMessage]).toEqual([
    Code.PermissionDenied,
    expect.stringMatching(/would be wrong; OutcomeService\/ListOutcomes has the outcomes of your suppliers\.$/),
  ]);
  // What the error names has the figures of the scope.
  expect((await reports.getWeek({})).suppliers).toBe(1n);
});

test("a watch of a supplier outside of the scope is answered as one of a supplier that nobody has", async () => {
  const { alerts } = await europe();
  const saidOf = async (supplierId: string) => {
    const { code, rawMessage } = await failureOf(alerts.watchAlerts({ supplierId })[Symbol.asyncIterator]().next());
    return [code, rawMessage.replace(supplierId, "ID")];
  };
  expect(await saidOf("foreign")).toEqual(await saidOf("nobody"));
  const stop = new AbortController();
  const [first] = await Promise.all([
    alerts.watchAlerts({ supplierId: "own" }, { signal: stop.signal })[Symbol.asyncIterator]().next(),
  ]);
  expect(first.value).toMatchObject({ alerts: [] });
  stop.abort();
});
