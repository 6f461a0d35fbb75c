import { createPageTrace } from "@bellwether/dashboard/rpc/page-trace";
import { createDashboardTransport } from "@bellwether/dashboard/rpc/transport";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { SupplierService } from "@bellwether/gen/bellwether/ops/v1/supplier_service_pb";
import { startOtlpReceiver } from "@bellwether/testing/otlp-receiver";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { createClient } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { startTraced } from "./traced-service.ts";

// ops-service loads all its modules in its own process: this takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test("a trace begins with a user's action on the page and includes ops-service and its SQL", async () => {
  await using cluster = await startPostgresCluster();
  await using collector = await startOtlpReceiver();
  await using ops = await startTraced("ops-service", collector.url, { DATABASE_URL: await cluster.createDatabase() });
  const trace = createPageTrace({ sampleRatio: 1 });
  const sent: string[] = [];
  const traceparent = (): string => {
    sent.push(trace.traceparent());
    return sent.at(-1) ?? "";
  };
  const transport = createDashboardTransport(`${ops.web}/`, { ...trace, traceparent });
  await createClient(SupplierService, transport).listSuppliers({});
  await createClient(AlertService, transport).listAlerts({});
  expect(await ops.stop()).toBe(0);

  const [traceId] = sent.map((text) => text.split("-")[1]);
  const inTrace = collector.spans.filter((span) => span.traceId === traceId);
  const served = inTrace.filter(({ kind }) => kind === "SERVER");
  const calls = ["SupplierService/ListSuppliers", "AlertService/ListAlerts"];
  expect(served).toMatchObject(
    calls.map((call, i) => ({
      service: "ops-service",
      name: `bellwether.ops.v1.${call}`,
      parentId: sent[i]?.split("-")[2],
      attributes: { "rpc.system.name": "connectrpc", "rpc.response.status_code": "OK" },
    })),
  );
  const queries = inTrace.filter(({ kind }) => kind === "CLIENT");
  expect(queries).toMatchObject([
    // Without a complete run of any model, ops-service does not query suppliers.
    { name: "SELECT bellwether.run", parentId: served[0]?.spanId },
    { name: "SELECT bellwether.delegation", parentId: served[1]?.spanId },
    { name: "SELECT bellwether.label", parentId: served[1]?.spanId },
    { parentId: served[1]?.spanId },
  ]);
});
