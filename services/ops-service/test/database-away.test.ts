import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ErrorInfoSchema } from "@bellwether/gen/google/rpc/error_details_pb";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@bellwether/gen/grpc/health/v1/health_pb";
import { startEmbeddedPostgres } from "@bellwether/postgres/embedded/embedded-postgres";
import { createLogger } from "@bellwether/telemetry/logger";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test, vi } from "vitest";
import { failureOf, startOps, testChunk } from "./ops-harness.ts";

test("while the database is not reachable, calls are UNAVAILABLE and the service is not ready; both recover with the database", async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "bellwether-away-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o755);
  const settings = { fsync: "off" };
  const first = await startEmbeddedPostgres({ dir, settings });
  await using ops = await startOps(first.url, { logger: createLogger({ name: "ops", level: "silent" }) });
  const { lease } = await ops.batch.startRun({ isoWeek: "2026-W01", modelName: "supplier-risk", holder: "worker" });
  const submit = () => ops.batch.submitChunk(testChunk(lease, 0, [{ id: "S1", score: 0.5 }]));

  const health = createClient(Health, createGrpcTransport({ baseUrl: ops.grpcUrl }));
  const readiness = async () => ({
    "/readyz": (await fetch(`${ops.adminUrl}/readyz`)).status,
    "/livez": (await fetch(`${ops.adminUrl}/livez`)).status,
    check: (await health.check({})).status,
  });
  const ready = { "/readyz": 200, "/livez": 200, check: Status.SERVING };
  expect(await readiness()).toEqual(ready);

  await first.stop();
  const calls = [() => ops.alerts.listAlerts({}), submit, () => ops.audit.verifyChain({})];
  // These are more calls than the pool has connections.
  for (const call of [...calls, ...calls, ...calls, ...calls]) {
    const failure = await failureOf(call());
    expect([failure.code, failure.rawMessage]).toEqual([Code.Unavailable, "the database does not answer; try again"]);
    expect(failure.findDetails(ErrorInfoSchema)[0]?.reason).toBe("DATABASE_UNAVAILABLE");
  }
  const notReady = async () =>
    expect(await readiness()).toEqual({ "/readyz": 503, "/livez": 200, check: Status.NOT_SERVING });
  await vi.waitFor(notReady, { timeout: 10_000 });

  await using _second = await startEmbeddedPostgres({ dir, settings, port: Number(new URL(first.url).port) });
  const received = async () => expect(await submit()).toMatchObject({ rowsScored: 1 });
  await vi.waitFor(received, { timeout: 10_000 });
  await vi.waitFor(async () => expect(await readiness()).toEqual(ready), { timeout: 10_000 });
}, 60_000);
