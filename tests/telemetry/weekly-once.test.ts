import { once } from "node:events";
import net from "node:net";
import { startOtlpReceiver } from "@bellwether/testing/otlp-receiver";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startWeeklyMesh, type WeeklyMesh } from "./weekly-mesh.ts";

// Three services and the run each load their modules in their own process: this takes seconds on a busy
// machine.
const TEST_TIMEOUT_MS = 120_000;
vi.setConfig({ testTimeout: TEST_TIMEOUT_MS, hookTimeout: TEST_TIMEOUT_MS });

const running = new AsyncDisposableStack();
let collectorUrl = "";
let mesh: WeeklyMesh;
let collector: Awaited<ReturnType<typeof startOtlpReceiver>>;

beforeAll(async () => {
  const cluster = running.use(await usePostgres());
  collector = running.use(await startOtlpReceiver());
  collectorUrl = collector.url;
  mesh = running.use(await startWeeklyMesh({ databaseUrl: await cluster.createDatabase(), collectorUrl, rows: 200 }));
});
afterAll(() => running.disposeAsync());

test("a week run in its own process is one trace through the services, sent before the process ends", async () => {
  expect(await mesh.runOnce("2026-W47", collectorUrl)).toMatchObject({ code: 0 });
  const [root] = collector.spans.filter(({ name }) => name === "weekly run");
  expect(root).toMatchObject({ service: "scheduler-service", kind: "INTERNAL", parentId: "", isError: false });
  const traced = () => collector.spans.filter(({ traceId }) => traceId === root?.traceId);
  const calls = traced().filter(({ kind, service }) => kind === "CLIENT" && service === "scheduler-service");
  expect(calls.map(({ parentId }) => parentId)).toEqual(calls.map(() => root?.spanId));
  // The other services send their spans in batches, and the rest when they stop.
  await mesh.stop();
  const served = traced().filter(({ kind }) => kind === "SERVER");
  expect(new Set(served.map(({ service }) => service))).toEqual(new Set(["ml-service", "ops-service"]));
  const callIds = calls.map(({ spanId }) => spanId);
  expect(served.filter(({ parentId }) => !callIds.includes(parentId))).toEqual([]);
});

test("a failed run is an error in its trace, and its process ends although the collector does not answer", async () => {
  expect((await mesh.runOnce("2026-W48", collectorUrl)).code).toBe(1);
  const runs = collector.spans.filter(({ name }) => name === "weekly run");
  expect(runs.map(({ isError }) => isError)).toEqual([false, true]);

  const sockets: net.Socket[] = [];
  const hanging = net.createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
  await once(hanging, "listening");
  const { port } = hanging.address() as net.AddressInfo;
  // The exporter itself would wait longer for an answer than this test may take.
  const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: String(10 * TEST_TIMEOUT_MS) };
  expect((await mesh.runOnce("2026-W48", `http://127.0.0.1:${port}`, patient)).code).toBe(1);
  expect(sockets.length).toBeGreaterThan(0);
  for (const socket of sockets) socket.destroy();
  hanging.close();
});
