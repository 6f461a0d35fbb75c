import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@bellwether/gen/grpc/health/v1/health_pb";
import { createLogger } from "@bellwether/telemetry/logger";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { startTcpRelay } from "@bellwether/testing/tcp-relay";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test, vi } from "vitest";
import { createSchedulerService } from "../src/service.ts";
import { weeklyFolder } from "./weekly-fixture.ts";

/**
 * Asserts that the service is not ready while its queue's store is stopped or hangs, and that it recovers by
 * itself.
 */
async function assertReadiness(storeUrl: string): Promise<void> {
  await using relay = await startTcpRelay(storeUrl);
  await using folder = await weeklyFolder();
  const registryRoot = await mkdtemp(path.join(os.tmpdir(), "bellwether-queue-away-"));
  onTestFinished(() => rm(registryRoot, { recursive: true, force: true }));
  await using service = await createSchedulerService({
    ...folder.settings,
    ports: { grpc: 0, web: 0, admin: 0 },
    mlUrl: "http://127.0.0.1:1",
    opsUrl: "http://127.0.0.1:1",
    registryRoot,
    defaultModel: "supplier-risk",
    queueUrl: relay.url,
    cron: "0 6 * * 1",
    timeZone: "UTC",
    inputFolder: folder.at("."),
    input: "week.csv",
    logger: createLogger({ name: "scheduler", level: "silent" }),
  });
  const { grpc, admin } = service.addresses;
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpc.port}` });
  const health = createClient(Health, transport);
  const becomes = (readyz: number, check: Status) =>
    vi.waitFor(
      async () => {
        const asked = await Promise.all(
          ["/readyz", "/livez"].map((page) => fetch(`http://127.0.0.1:${admin.port}${page}`)),
        );
        expect([...asked.map(({ status }) => status), (await health.check({})).status]).toEqual([readyz, 200, check]);
      },
      { timeout: 10_000 },
    );
  await becomes(200, Status.SERVING);
  await relay.disconnect();
  await becomes(503, Status.NOT_SERVING);
  await relay.reconnect();
  await becomes(200, Status.SERVING);
  relay.setPaused(true);
  await becomes(503, Status.NOT_SERVING);
  relay.setPaused(false);
  await becomes(200, Status.SERVING);
  const schedules = createClient(ScheduleService, transport);
  const listed = async () => expect((await schedules.listSchedules({})).schedules).toHaveLength(1);
  await vi.waitFor(listed, { timeout: 10_000 });
}

test("with the jobs on Postgres, it is ready while Postgres answers", async () => {
  await using cluster = await startPostgresCluster();
  await assertReadiness(await cluster.createDatabase());
}, 60_000);

test.skipIf(!hasRedis())(
  "with the jobs on Redis, it is ready while Redis answers (skipped without redis-server)",
  async () => {
    await using redis = await startRedis();
    await assertReadiness(redis.url);
  },
  60_000,
);
