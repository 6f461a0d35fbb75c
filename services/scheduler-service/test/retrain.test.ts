import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { OutcomeValue } from "@bellwether/gen/bellwether/ops/v1/outcome_pb";
import {
  type Retrain,
  RetrainOutcome,
  RetrainStage,
  RetrainTrigger,
} from "@bellwether/gen/bellwether/schedule/v1/retrain_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { aliasVersion, readAliases } from "@bellwether/registry/aliases/aliases";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { readGate } from "@bellwether/registry/versions/read-gate";
import { listVersions } from "@bellwether/registry/versions/read-version";
import { createLogger } from "@bellwether/telemetry/logger";
import { firstMessage, spawnScript } from "@bellwether/testing/node-process";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createSchedulerService } from "../src/service.ts";
import { startOps, WEEKS, weeksFolder, writePolicy } from "./retrain-fixture.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const LOCK_MS = 1_000;
const WAIT = { timeout: 60_000, interval: 50 };
type Client = ReturnType<typeof clientOf>;

let cluster: PostgresCluster;
let folder: Awaited<ReturnType<typeof weeksFolder>>;
beforeAll(async () => {
  [cluster, folder] = await Promise.all([startPostgresCluster(), weeksFolder()]);
});
afterAll(async () => {
  await Promise.all([cluster[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]);
});

const clientOf = (port: number | undefined) =>
  createClient(ScheduleService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));

/** A scheduler with its own registry, queue and ops-service, over the weeks of the fixture. */
async function setUp(policy: Parameters<typeof writePolicy>[1] = {}) {
  const stack = new AsyncDisposableStack();
  const own = await mkdtemp(path.join(os.tmpdir(), "bellwether-retrain-own-"));
  stack.defer(() => rm(own, { recursive: true, force: true }));
  const riskPolicy = path.join(own, "risk_policy.yaml");
  await writePolicy(riskPolicy, policy);
  await rm(folder.at("weeks/late/retrains.json"), { force: true });
  const ops = stack.use(await startOps());
  ops.state.outcomes = [...folder.outcomes];
  const registry = path.join(own, "models");
  const settings = {
    ...{ modelConfig: folder.at("model_config.yaml"), featureMapping: folder.at("feature_mapping.yaml"), riskPolicy },
    ...{
      weeksFolder: folder.at("weeks"),
      registryRoot: registry,
      defaultModel: "late",
      opsUrl: ops.url,
      mlUrl: ops.url,
    },
    ...{ queueUrl: await cluster.createDatabase(), cron: "0 6 * * 1", timeZone: "UTC" },
    ...{ inputFolder: own, input: "week.csv", lockMs: LOCK_MS, retrainCheckMs: 100, lookBackMs: 0 },
    ports: { grpc: 0, web: 0, admin: 0 },
  };
  const start = async () => {
    const logger = createLogger({ name: "scheduler", level: "silent" });
    const service = stack.use(await createSchedulerService({ ...settings, logger }));
    return { service, client: clientOf(service.addresses.grpc.port) };
  };
  const startProcess = async () => {
    const script = `
    const { createSchedulerService } = await import(${JSON.stringify(new URL("../src/service.ts", import.meta.url).href)});
    const { createLogger } = await import("@bellwether/telemetry/logger");
    const logger = createLogger({ name: "scheduler", level: "silent" });
    const service = await createSchedulerService({ ...${JSON.stringify(settings)}, logger });
    process.send(service.addresses.grpc.port);`;
    const started = spawnScript(script, { cwd: import.meta.dirname });
    return { child: started.child, client: clientOf(await firstMessage<number>(started, "scheduler-service")) };
  };
  const versions = async () => (await listVersions(registry, "late")).map(({ version }) => version);
  const alias = async (name: "champion" | "challenger") => aliasVersion(await readAliases(registry, "late"), name);
  return {
    ...{ ops, registry, start, startProcess, versions, alias },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function endOf(client: Client, jobId: string, onStage: (retrain: Retrain) => void = () => {}) {
  let last: { readonly state: RunState; readonly failure: string; readonly retrain: Retrain } | undefined;
  for await (const { state, failure, retrain } of client.watchProgress({ jobId })) {
    if (retrain === undefined) continue;
    last = { state, failure, retrain };
    onStage(retrain);
  }
  if (last === undefined) throw new Error("the watch ended without a message");
  return last;
}

const trigger = (client: Client, weeks: { fromWeek?: string; toWeek?: string } = {}) =>
  client.triggerRetrain({ reason: "a new plant", ...weeks });
const codeOf = (call: Promise<unknown>): Promise<Code | null> =>
  call.then(
    () => null,
    (error: unknown) => ConnectError.from(error).code,
  );

test("a retrain by hand publishes a challenger, never a champion, with progress, result, audit event and the same again", async () => {
  await using mesh = await setUp();
  const { client } = await mesh.start();
  const { jobId, fromWeek, toWeek, alreadyKnown } = await trigger(client);
  expect([jobId, fromWeek, toWeek, alreadyKnown]).toEqual(["retrain-1", "2025-W12", "2026-W12", false]);
  const stages = new Set<RetrainStage>();
  const end = await endOf(client, jobId, ({ stage }) => stages.add(stage));
  expect(end).toMatchObject({ state: RunState.COMPLETE, failure: "" });
  expect(end.retrain).toMatchObject({
    ...{ outcome: RetrainOutcome.PUBLISHED, version: "v1", alias: "challenger", trigger: RetrainTrigger.PERSON },
    ...{ reason: "a new plant", rows: BigInt(WEEKS.length * 60), baselineFeature: "delay" },
  });
  expect(end.retrain.auc).toBeGreaterThan(0.7);
  expect(end.retrain.peakMemoryBytes).toBeGreaterThan(0n);
  expect([await mesh.alias("champion"), await mesh.alias("challenger")]).toEqual([undefined, "v1"]);
  await vi.waitFor(() => expect(mesh.ops.state.events.map(({ kind }) => kind)).toContain("model.retrained"), WAIT);
  const event = mesh.ops.state.events.find(({ kind }) => kind === "model.retrained");
  expect(JSON.parse(event?.payloadJson ?? "")).toMatchObject({
    version: "v1",
    trigger: "person",
    reason: "a new plant",
  });

  // The same data and configuration make the same files: nothing is published twice.
  const again = await endOf(client, (await trigger(client)).jobId);
  expect(again.retrain).toMatchObject({ outcome: RetrainOutcome.UNCHANGED, version: "v1", jobId: "retrain-2" });
  expect(await mesh.versions()).toEqual(["v1"]);
  const { retrains, isAutomatic, waits, modelName } = await client.getRetrain({});
  expect([modelName, isAutomatic, retrains.map((one) => one.jobId)]).toEqual([
    "late",
    false,
    ["retrain-2", "retrain-1"],
  ]);
  expect(waits).toContain("by_hand");
});

test("a challenger of a retrain is compared with the champion, once, and the champion stays", async () => {
  await using mesh = await setUp();
  const { client } = await mesh.start();
  await endOf(client, (await trigger(client, { fromWeek: "2026-W01", toWeek: "2026-W08" })).jobId);
  const first = { modelName: "late", alias: "champion" as const, version: "v1", setBy: "test", reason: "first" };
  await setAlias(mesh.registry, { ...first, now: new Date() }, async () => {});
  const { retrain } = await endOf(client, (await trigger(client)).jobId);
  expect(retrain).toMatchObject({ outcome: RetrainOutcome.PUBLISHED, version: "v2", alias: "challenger" });
  expect(retrain.notes).toContainEqual(expect.stringMatching(/^promotion gate: (HELD|FAIL) against v1; /));
  const again = await endOf(client, (await trigger(client)).jobId);
  expect(again.retrain).toMatchObject({ outcome: RetrainOutcome.UNCHANGED, version: "v2" });
  const { gates = [] } = await readAliases(mesh.registry, "late");
  expect(gates.map(({ version, champion, gatedBy }) => [version, champion, gatedBy])).toEqual([
    ["v2", "v1", "scheduler-service"],
  ]);
  expect([await mesh.alias("champion"), await mesh.alias("challenger")]).toEqual(["v1", "v2"]);
});

test("the gate of a retrain compares by region and category, and with the alerts that are open", async () => {
  await using mesh = await setUp();
  const { client } = await mesh.start();
  await endOf(client, (await trigger(client, { fromWeek: "2026-W01", toWeek: "2026-W08" })).jobId);
  const first = { modelName: "late", alias: "champion" as const, version: "v1", setBy: "test", reason: "first" };
  await setAlias(mesh.registry, { ...first, now: new Date() }, async () => {});
  mesh.ops.state.alerted = ["S1", "S2", "S3", "no such supplier"];
  const stages = new Set<RetrainStage>();
  await endOf(client, (await trigger(client)).jobId, ({ stage }) => stages.add(stage));
  // Two processes measure the versions: their time is not one of publishing.
  expect(stages).toContain(RetrainStage.GATING);
  const record = (await readGate(mesh.registry, "late", "v2"))?.record;
  expect(new Set(record?.segments.map(({ dimension }) => dimension))).toEqual(new Set(["region", "category"]));
  const alerts = record?.checks.find(({ name }) => name === "alerts");
  expect(alerts).toMatchObject({ champion: 3 });
  expect(alerts?.reason).toContain("active alerts of ops-service, by band high and the limits of the alert rules");
});

test("without the alias, the version is published and the result says what is left to do", async () => {
  await using mesh = await setUp({ alias: "none" });
  const { client } = await mesh.start();
  const { retrain } = await endOf(client, (await trigger(client)).jobId);
  expect(retrain).toMatchObject({ outcome: RetrainOutcome.PUBLISHED, version: "v1", alias: "" });
  expect(retrain.notes).toContainEqual(expect.stringContaining("has no alias"));
  expect([await mesh.alias("champion"), await mesh.alias("challenger")]).toEqual([undefined, undefined]);
});

test("bad requests: one week of a window, weeks in the wrong order, no such week, unknown jobs, another window meanwhile", async () => {
  await using mesh = await setUp();
  const { client } = await mesh.start();
  for (const weeks of [
    { fromWeek: "2026-W01" },
    { toWeek: "2026-W01" },
    { fromWeek: "2026-W05", toWeek: "2026-W04" },
    { fromWeek: "2025-W53", toWeek: "2026-W04" },
  ])
    expect([weeks, await codeOf(trigger(client, weeks))]).toEqual([weeks, Code.InvalidArgument]);
  for (const reason of ["", "   ", "two\nlines"])
    expect([reason, await codeOf(client.triggerRetrain({ reason }))]).toEqual([reason, Code.InvalidArgument]);
  for (const jobId of ["retrain-99", "weekly-2026-W01"])
    expect([jobId, await codeOf(client.cancelRetrain({ jobId, reason: "x" }))]).toEqual([jobId, Code.NotFound]);
  const { jobId } = await trigger(client, { fromWeek: "2026-W01", toWeek: "2026-W12" });
  // The queue may have ended it by now, then the next one is its own job.
  const twice = await Promise.allSettled([
    trigger(client, { fromWeek: "2026-W01", toWeek: "2026-W12" }),
    trigger(client, { fromWeek: "2026-W02", toWeek: "2026-W12" }),
  ]);
  expect(twice[0]).toMatchObject({ status: "fulfilled", value: { jobId, alreadyKnown: true } });
  expect(twice[1]).toMatchObject({ status: "rejected", reason: { code: Code.FailedPrecondition } });
  await endOf(client, jobId);
});

const OCCURRED = { supplierId: "S1", value: OutcomeValue.OCCURRED };

test.each([
  ["no outcome is about these weeks", [{ ...OCCURRED, isoWeek: "2020-W01", knownOn: "2020-02-01" }]],
  ["the only outcome is known in the future", [{ ...OCCURRED, happenedOn: "2026-01-07", knownOn: "2199-01-01" }]],
])("when %s, the retrain fails with the reason, and nothing is published", async (_, outcomes) => {
  await using mesh = await setUp();
  mesh.ops.state.outcomes = outcomes;
  const { client } = await mesh.start();
  const end = await endOf(client, (await trigger(client)).jobId);
  expect(end.state).toBe(RunState.FAILED);
  expect(end.retrain).toMatchObject({ outcome: RetrainOutcome.FAILED, version: "" });
  expect(end.failure).toContain('training rows are "lives"');
  await vi.waitFor(() => expect(mesh.ops.state.events.map(({ kind }) => kind)).toEqual(["model.retrain_failed"]), WAIT);
  await expect(mesh.versions()).rejects.toThrow("no model");
});

test("a training over its memory ends with the limit in result and audit log", async () => {
  await using mesh = await setUp({ max_memory_mib: 64 });
  const { client } = await mesh.start();
  const end = await endOf(client, (await trigger(client)).jobId);
  expect(end.failure).toContain("more than the limit of 64 MiB");
  await vi.waitFor(() => expect(mesh.ops.state.events).toHaveLength(1), WAIT);
  expect(mesh.ops.state.events[0]?.payloadJson).toContain("64 MiB");
});

test("a cancelled retrain ends within seconds with who and why, and nothing is published", async () => {
  await using mesh = await setUp();
  const { client } = await mesh.start();
  const { jobId } = await trigger(client);
  await client.cancelRetrain({ jobId, reason: "the outcomes are wrong" });
  const end = await endOf(client, jobId);
  expect(end.retrain.outcome).toBe(RetrainOutcome.CANCELLED);
  expect(end.failure).toMatch(/^cancelled by .+: the outcomes are wrong$/);
  await expect(mesh.versions()).rejects.toThrow("no model");
  await vi.waitFor(
    () => expect(mesh.ops.state.events.map(({ kind }) => kind)).toEqual(["model.retrain_cancelled"]),
    WAIT,
  );
  // It has ended: another cancellation changes nothing.
  const { retrain } = await client.cancelRetrain({ jobId, reason: "again" });
  expect(retrain).toMatchObject({ outcome: RetrainOutcome.CANCELLED, failure: end.failure });
});

test("drift of the newest week and new outcomes each start one retrain by themselves", async () => {
  await using drifting = await setUp({ starts: "automatic", new_outcomes: 0, max_age_days: 0 });
  drifting.ops.state.drifted = ["delay"];
  const { client } = await drifting.start();
  await vi.waitFor(async () => expect((await client.getRetrain({})).retrains[0]?.endedAt).toBeDefined(), WAIT);
  const { retrains } = await client.getRetrain({});
  expect(retrains).toMatchObject([{ trigger: RetrainTrigger.DRIFT, actor: "scheduler-service", version: "v1" }]);
  await vi.waitFor(async () => expect((await client.getRetrain({})).waits).toContain("the last retrain began"), WAIT);
});

test("without outcomes nothing is due, and outcomes that arrive later start a retrain", async () => {
  await using mesh = await setUp({ starts: "automatic", new_outcomes: folder.outcomes.length, max_age_days: 0 });
  mesh.ops.state.outcomes = [];
  const { client } = await mesh.start();
  await vi.waitFor(async () => expect((await client.getRetrain({})).waits).toBe("no outcome is recorded"), WAIT);
  mesh.ops.state.outcomes = folder.outcomes.slice(1);
  await vi.waitFor(async () => expect((await client.getRetrain({})).waits).toContain("neither drift"), WAIT);
  mesh.ops.state.outcomes = [...folder.outcomes];
  await vi.waitFor(async () => expect((await client.getRetrain({})).retrains[0]?.version).toBe("v1"), WAIT);
  expect((await client.getRetrain({})).retrains[0]?.trigger).toBe(RetrainTrigger.OUTCOMES);
});

test("a withdrawn week is not used", async () => {
  await using mesh = await setUp();
  mesh.ops.state.withdrawn = WEEKS[3] ?? "";
  const { client } = await mesh.start();
  const { retrain } = await endOf(client, (await trigger(client)).jobId);
  expect(retrain.rows).toBe(BigInt((WEEKS.length - 1) * 60));
});

test.each([RetrainStage.OUTCOMES, RetrainStage.READING, RetrainStage.TRAINING, RetrainStage.PUBLISHING])(
  "a scheduler that is killed in stage %i leaves nothing half, and the next one publishes once",
  async (stage) => {
    await using mesh = await setUp();
    const first = await mesh.startProcess();
    const { jobId } = await trigger(first.client);
    const killed = once(first.child, "exit");
    await endOf(first.client, jobId, (retrain) => {
      if (retrain.stage >= stage || retrain.endedAt !== undefined) first.child.kill("SIGKILL");
    }).catch(() => {});
    first.child.kill("SIGKILL");
    await killed;
    const left = await readdir(path.join(mesh.registry, "late")).catch(() => []);
    for (const version of left.filter((name) => /^v\d+$/.test(name)))
      expect((await readdir(path.join(mesh.registry, "late", version))).sort()).toContain("manifest.json");
    const { client } = await mesh.start();
    await vi.waitFor(async () => expect((await client.getRetrain({})).retrains[0]?.endedAt).toBeDefined(), WAIT);
    const { retrains } = await client.getRetrain({});
    expect(retrains).toHaveLength(1);
    expect(retrains[0]).toMatchObject({ jobId, version: "v1", failure: "" });
    // Also when the killed scheduler had published it.
    expect(retrains[0]).toMatchObject({ outcome: RetrainOutcome.PUBLISHED, alias: "challenger" });
    expect([await mesh.versions(), await mesh.alias("challenger")]).toEqual([["v1"], "v1"]);
  },
);
