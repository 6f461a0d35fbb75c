import { once } from "node:events";
import { appendFile, glob, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { demoSupplier, publishDemoModel } from "@bellwether/testing/demo-model";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type OpsHarness, startOps } from "../../services/ops-service/test/ops-harness.ts";
import { startGate } from "./gate.ts";
import { type MlProcess, startMl } from "./ml-process.ts";

// Each process loads all its modules: this takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });
const SLOWLY = { timeout: 30_000, interval: 50 };

let registry = "";
let cluster: PostgresCluster;
beforeAll(async () => {
  registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-audit-models-"));
  await publishDemoModel(registry);
  cluster = await startPostgresCluster();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(registry, { recursive: true, force: true });
});

async function setUp() {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "bellwether-audit-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const start = async (env: Readonly<Record<string, string>>): Promise<MlProcess> => {
    const ml = await startMl({ MODEL_REGISTRY_URL: `file:${registry}`, BELLWETHER_DATA_DIR: dataDir, ...env });
    onTestFinished(() => void ml.child.kill("SIGKILL"));
    return ml;
  };
  return { dataDir, start };
}
/** Scores one supplier `calls` times, one call after the other. Returns the prediction ids. */
async function predict({ client }: MlProcess, calls: number): Promise<string[]> {
  const ids: string[] = [];
  const { features, categories } = demoSupplier(1);
  const supplier = { supplierId: "S_1", features, categories };
  while (ids.length < calls) ids.push((await client.predict({ supplier })).score?.predictionId ?? "");
  return ids;
}
/** Returns the lines of the spool files below a data folder, by file. */
async function spooled(dataDir: string): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  for await (const file of glob("audit/**/*.jsonl", { cwd: dataDir })) {
    const text = await readFile(path.join(dataDir, file), "utf8").catch(() => "");
    files.set(path.join(dataDir, file), text.split("\n").slice(0, -1));
  }
  return files;
}
/** Returns the prediction ids in the audit log of ops-service, oldest first. */
async function recorded({ audit }: OpsHarness): Promise<unknown[]> {
  const ids: unknown[] = [];
  let pageToken = "";
  do {
    const page = await audit.queryEvents({ pageSize: 500, pageToken });
    ids.push(...page.records.map(({ event }) => JSON.parse(event?.payloadJson ?? "{}").prediction_id));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return ids.reverse();
}

test("ops-service has the events of a killed ml-service exactly once and in order, and the chain verifies", async () => {
  const { dataDir, start } = await setUp();
  await using gate = await startGate();
  const env = { BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: gate.url };
  const first = await start(env);
  const ids = await predict(first, 700);
  await vi.waitFor(async () => expect([...(await spooled(dataDir)).values()].flat()).toHaveLength(700), SLOWLY);
  await first.end("SIGKILL");
  const [file = ""] = (await spooled(dataDir)).keys();
  await appendFile(file, '{"event_id":"half of a li');

  await using ops = await startOps(await cluster.createDatabase());
  gate.openTo(ops.grpcUrl);
  const second = await start(env);
  // The process is killed again as soon as any event has arrived: events that it sent and did not yet remove
  // are sent twice.
  await vi.waitFor(async () => expect(await recorded(ops)).not.toEqual([]), { ...SLOWLY, interval: 1 });
  await second.end("SIGKILL");
  const third = await start(env);
  ids.push(...(await predict(third, 10)));
  // The line that the kill cut short is reported by an event without a prediction, unless the second kill came between.
  const predictions = async () => (await recorded(ops)).filter((id) => id !== undefined);
  await vi.waitFor(async () => expect(await predictions()).toHaveLength(710), SLOWLY);
  expect(await third.end("SIGTERM")).toBe(0);
  expect(await predictions()).toEqual(ids);
  const { records: gaps } = await ops.audit.queryEvents({ kind: "events.dropped" });
  expect(gaps.length).toBeLessThanOrEqual(1);
  for (const { event } of gaps)
    expect(JSON.parse(event?.payloadJson ?? "")).toMatchObject({ reasons: { cut_short: 1 } });
  expect(await ops.audit.verifyChain({})).toMatchObject({ holds: true, records: BigInt(710 + gaps.length) });
  expect([...(await spooled(dataDir)).keys()]).toEqual([]);
});

test("ml-service sends the events it has just recorded before it stops", async () => {
  const { start } = await setUp();
  await using ops = await startOps(await cluster.createDatabase());
  const ml = await start({ BELLWETHER_AUDIT_SINK: "ops", OPS_SERVICE_URL: ops.grpcUrl });
  const ids = await predict(ml, 20);
  expect(await ml.end("SIGTERM")).toBe(0);
  expect(await recorded(ops)).toEqual(ids);
});

test("standard output gets a line of JSON for every call, and ml-service goes on after its reader closes it", async () => {
  const { start } = await setUp();
  const ml = await start({ BELLWETHER_AUDIT_SINK: "stdout" });
  if (!ml.child.stdout) throw new Error("ml-service has no standard output");
  const lines = createInterface(ml.child.stdout);
  const line = once(lines, "line");
  const [id] = await predict(ml, 10);
  expect(JSON.parse((await line)[0])).toMatchObject({ kind: "prediction.served", payload: { code: "OK" } });
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  lines.close();
  ml.child.stdout.destroy();
  expect(await predict(ml, 100)).toHaveLength(100);
  expect(ml.child.exitCode).toBeNull();
  expect(await ml.end("SIGTERM")).toBe(0);
});

test("a reader of standard output that does not read delays no answer", async () => {
  const { start } = await setUp();
  const ml = await start({ BELLWETHER_AUDIT_SINK: "stdout" });
  // A pipe holds 64 KiB, which is some hundred events.
  ml.child.stdout?.pause();
  expect(await predict(ml, 1_000)).toHaveLength(1_000);
});
