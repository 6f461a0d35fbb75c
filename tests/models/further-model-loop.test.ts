import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { OutcomeService } from "@bellwether/gen/bellwether/ops/v1/outcome_service_pb";
import { PerformanceService } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { GateCheckOutcome, GateVerdict } from "@bellwether/gen/bellwether/registry/v1/promotion_gate_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { readAliases } from "@bellwether/registry/aliases/aliases";
import { DEMO_SPEC, publishDemoModel } from "@bellwether/testing/demo-model";
import { usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";
import { WEEKS, weeksFolder } from "../../services/scheduler-service/test/retrain-fixture.ts";
import { smallConfig } from "../../services/scheduler-service/test/weekly-fixture.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const LATE = "late";
const SLOWLY = { timeout: 60_000, interval: 100 };
/** Weeks before the retrain. The week after them is scored by the new champion. */
const BEFORE = WEEKS.slice(0, 9);
const AFTER = WEEKS[9] ?? "";
const RULES = `version: 1
cool_down_weeks: 0
score_threshold: { id: late-score, raise: 0.5, runs_to_raise: 1, critical: 0.9, clear: 0.3, runs_to_clear: 1 }
weekly_capacity: { id: late-capacity, suppliers: 0, min_lift: 1, keep_within: 0 }
`;
const POLICY = `version: 1
retrain: { starts: by_hand, min_weeks: 4 }
promotion: { min_class_suppliers: 10 }
`;
/** What the policy of the default model has for all models: snapshots of all weeks of the test are kept. */
const INSTALLATION = `version: 1
retrain: { starts: by_hand }
retention: { score_weeks: 53, snapshot_weeks: 53, outcome_weeks: 157 }
`;
/** Points for a feature that says nothing about the outcome: what is learned ranks better. */
const SCORECARD = `version: 1
scale: { points: 0, probability: 0.1, points_to_double_the_odds: 10 }
bands: { medium: 12, high: 32 }
features:
  - name: noise
    ranges:
      - { to: 30, points: 0 }
      - { from: 30, to: 70, points: 15 }
      - { from: 70, points: 35 }
    missing: 0
unused: [delay, region]
`;

const running = new AsyncDisposableStack();
let folder = "";
let weeks: Awaited<ReturnType<typeof weeksFolder>>;
let [ml, ops, scheduler]: ServiceProcess[] = [];
let commands: RunningCommands;

const at = (...names: string[]): string => path.join(folder, ...names);
const channel = (service: ServiceProcess | undefined) => createGrpcTransport({ baseUrl: service?.grpc ?? "" });

/** Runs a command of the further model with --json. */
async function command(...args: readonly string[]) {
  const env = {
    ...{ ...PROCESS_ENV, MODEL_REGISTRY_URL: `file:${at("registry")}`, BELLWETHER_DATA_DIR: at("cli"), USER: "jane" },
    ...{
      SCHEDULER_SERVICE_URL: scheduler?.grpc ?? "",
      OPS_SERVICE_URL: ops?.grpc ?? "",
      ML_SERVICE_URL: ml?.grpc ?? "",
    },
  };
  const { code, stdout, stderr } = await commands.run({ args: [...args, "--json"], cwd: folder, env });
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

beforeAll(async () => {
  commands = running.use(startCommands());
  weeks = running.use(await weeksFolder());
  folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-further-loop-"));
  running.defer(() => rm(folder, { recursive: true, force: true }));
  await publishDemoModel(at("registry"));
  const own = at("models", LATE);
  await mkdir(own, { recursive: true });
  const { model, mapping } = smallConfig({
    ...{ numbers: [["past_disputes", "units", 1_000]], hasText: false, exposure: "past_disputes * 100" },
  });
  for (const [name, text] of [
    ["model_config.yaml", model],
    ["feature_mapping.yaml", mapping],
    ["risk_policy.yaml", INSTALLATION],
    ["models/late/model_config.yaml", await readFile(weeks.at("model_config.yaml"), "utf8")],
    ["models/late/feature_mapping.yaml", await readFile(weeks.at("feature_mapping.yaml"), "utf8")],
    ["models/late/risk_policy.yaml", POLICY],
    ["models/late/alert_rules.yaml", RULES],
    ["models/late/schedule.yaml", 'version: 1\ninput: "{week}.csv"\n'],
    ["models/late/scorecard.yaml", SCORECARD],
  ] as const)
    await writeFile(at(name), text);
  await command(
    ...["scorecard", "publish", "--config", path.join(own, "model_config.yaml")],
    ...["--mapping", path.join(own, "feature_mapping.yaml"), "--input", weeks.at(`${WEEKS[0]}.csv`)],
  );
  const cluster = await usePostgres();
  const registry = { MODEL_REGISTRY_URL: `file:${at("registry")}`, BELLWETHER_MODELS: at("models") };
  ml = running.use(await startService("ml-service", { ...registry, SHADOW_SHARE: "1" }));
  ops = running.use(
    await startService("ops-service", {
      ...{ ...registry, DATABASE_URL: await cluster.createDatabase(), ML_SERVICE_URL: ml.grpc },
      ...{ BELLWETHER_MODEL_CONFIG: at("model_config.yaml"), BELLWETHER_RISK_POLICY: at("risk_policy.yaml") },
    }),
  );
  scheduler = running.use(
    await startService("scheduler-service", {
      ...{
        ...registry,
        DATABASE_URL: await cluster.createDatabase(),
        ML_SERVICE_URL: ml.grpc,
        OPS_SERVICE_URL: ops.grpc,
      },
      ...{ BELLWETHER_MODEL_CONFIG: at("model_config.yaml"), BELLWETHER_FEATURE_MAPPING: at("feature_mapping.yaml") },
      ...{ BELLWETHER_DATA_DIR: at("data"), WEEKLY_INPUT_FOLDER: weeks.at("."), WEEKLY_INPUT: "none.csv" },
      ...{ BELLWETHER_RISK_POLICY: at("risk_policy.yaml"), WEEKLY_LOOK_BACK: "0s" },
    }),
  );
});
afterAll(() => running.disposeAsync());

/** Runs a week of the further model. */
async function runWeek(isoWeek: string): Promise<void> {
  const client = createClient(ScheduleService, channel(scheduler));
  const { jobId } = await client.triggerRun({ scheduleId: "weekly", modelName: LATE, isoWeek });
  let end: readonly unknown[] = [];
  for await (const { state, failure } of client.watchProgress({ jobId })) end = [isoWeek, state, failure];
  expect(end).toEqual([isoWeek, RunState.COMPLETE, ""]);
}
const versionOf = async (isoWeek: string) => {
  const { run } = await createClient(BatchService, channel(ops)).getRun({ isoWeek, modelName: LATE });
  return run?.model?.version;
};
const champions = async (model: string) =>
  (await readAliases(at("registry"), model)).champions.map(({ version }) => version);

test("a further model goes the whole way: scorecard, weeks, outcomes, retrain, gate, approval, served, rolled back", async () => {
  const registry = createClient(ModelRegistryService, channel(ml));
  const served = async (modelName: string) => (await registry.getReplicaStatus({ modelName })).servedVersion;
  await vi.waitFor(async () => expect(await served(LATE)).toBe("v1"), SLOWLY);
  for (const week of BEFORE) await runWeek(week);
  expect(await versionOf(BEFORE.at(-1) ?? "")).toBe("v1");

  const outcomes = createClient(OutcomeService, channel(ops));
  const rows = weeks.outcomes.map(({ supplierId = "", value, happenedOn = "", knownOn = "" }) => ({
    ...{ supplierId, happenedOn, knownOn, ...(value !== undefined && { value }) },
  }));
  const recorded = await outcomes.recordOutcomes({ requestId: randomUUID(), modelName: LATE, rows });
  expect(recorded).toMatchObject({ rejected: 0, modelName: LATE, horizonDays: 7 });
  const measured = await createClient(PerformanceService, channel(ops)).getPerformance({ modelName: LATE });
  expect(measured).toMatchObject({ alertThreshold: 0.5, overall: { rows: BigInt(BEFORE.length * 60) } });
  expect(measured.overall?.auc?.value).toBeLessThan(0.65);

  const retrain = await command("retrain", "start", "--model", LATE, "--reason", "first outcomes", "--watch");
  expect(retrain).toMatchObject({ state: "published", version: "v2", alias: "challenger", rows: BEFORE.length * 60 });
  const { result } = await registry.getGateResult({ modelName: LATE });
  expect(result).toMatchObject({ modelName: LATE, champion: "v1", challenger: "v2", verdict: GateVerdict.HELD });
  expect(result?.checks.find(({ name }) => name === "auc")?.outcome).toBe(GateCheckOutcome.PASSED);
  expect([await champions(LATE), await champions(DEMO_SPEC.name)]).toEqual([["v1"], ["v1"]]);

  // The challenger is compared with what the champion answers, and changes nothing of it.
  await runWeek(AFTER);
  expect(await versionOf(AFTER)).toBe("v1");
  await vi.waitFor(async () => {
    const compared = await command("models", "compare", "--model", LATE);
    expect(compared).toMatchObject({ champion: "v1", challenger: "v2", statistics: { rows: 60 } });
  }, SLOWLY);

  const gate = ["--model", LATE, "--gate", result?.gateId ?? "", "--reason", "better on the newest weeks"];
  expect(await command("models", "approve", "v2", ...gate)).toMatchObject({ model: LATE, version: "v2" });
  await vi.waitFor(async () => expect(await served(LATE)).toBe("v2"), SLOWLY);
  expect(await served("")).toBe("v1");
  await runWeek(WEEKS[10] ?? "");
  expect(await versionOf(WEEKS[10] ?? "")).toBe("v2");
  const { versions } = await createClient(PerformanceService, channel(ops)).getPerformance({ modelName: LATE });
  expect(versions.map(({ modelVersion }) => modelVersion)).toEqual(["v1", "v2"]);

  await command("models", "rollback", "--model", LATE, "--reason", "the buyers object");
  await vi.waitFor(async () => expect(await served(LATE)).toBe("v1"), SLOWLY);
  expect([await champions(LATE), await champions(DEMO_SPEC.name)]).toEqual([["v1", "v2", "v1"], ["v1"]]);

  const audit = createClient(AuditService, channel(ops));
  for (const kind of ["model.retrained", "model.gated", "model.promotion_approved"])
    await vi.waitFor(async () => {
      const { records } = await audit.queryEvents({ kind });
      const models = records.map(({ event }) => JSON.parse(event?.payloadJson ?? "{}"));
      expect([kind, models]).toEqual([kind, [expect.objectContaining({ model: LATE })]]);
    }, SLOWLY);
});
