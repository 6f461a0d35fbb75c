import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { isoWeekNumber, isoWeekOfNumber, isoWeekStart, newestIsoWeek } from "@bellwether/contract/iso-week";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ModelRegistryService } from "@bellwether/gen/bellwether/registry/v1/model_registry_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { setAlias } from "@bellwether/registry/publish/set-alias";
import { checkScoringModel } from "@bellwether/scoring/model/scoring-model";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, test, vi } from "vitest";
import { type SeenRun, seenRun } from "./story/seen-week.ts";
import { MAPPING_YAML, MODEL_YAML, publishStoryModel, RULES_YAML } from "./story/story-model.ts";
import { type StoryFile, storyCsv } from "./story/story-values.ts";

vi.setConfig({ testTimeout: 300_000 });

const PATIENCE = { timeout: 90_000, interval: 50 };
const EXPECTED = path.resolve(import.meta.dirname, "story/twelve-weeks.md");
const HOUR_MS = 3_600_000;

/** The ISO week of week `number` of the story, 1 to 12. They end before the present week. */
const THIS_WEEK = newestIsoWeek(new Date());
const weekOf = (number: number): string => isoWeekOfNumber((isoWeekNumber(THIS_WEEK) ?? 0) - 13 + number);
/** Writes weeks as in the table: W1 to W12. */
const inStory = (text: string): string =>
  Array.from({ length: 12 }, (_, i) => i + 1).reduce((shown, i) => shown.replaceAll(weekOf(i), `W${i}`), text);

/** Returns the rows of the table, by their first cell. */
async function expectedRows(): Promise<ReadonlyMap<string, SeenRun>> {
  const lines = (await readFile(EXPECTED, "utf8")).split("\n").filter((line) => /^\| W\d/.test(line));
  return new Map(
    lines.map((line) => {
      const [, when = "", , run = "", alerts = "", drift = "", report = "", audit = ""] = line
        .split("|")
        .map((cell) => cell.trim());
      return [when, { run, alerts, drift, report, audit }];
    }),
  );
}

/** Starts the services of the story on a new database. The ticks of W5 and W7 are due, once the schedule is resumed. */
async function startStory(stack: AsyncDisposableStack) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bellwether-story-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string): string => path.join(folder, name);
  const registry = at("models");
  const promote = (version: string) => {
    const alias = { modelName: "supplier-risk", alias: "champion", version } as const;
    return setAlias(registry, { ...alias, setBy: "test", reason: "better", now: new Date() }, checkScoringModel);
  };
  await promote(await publishStoryModel(registry));
  const strict = await publishStoryModel(registry, { isStrict: true });
  for (const [name, text] of [
    ["model_config.yaml", MODEL_YAML],
    ["feature_mapping.yaml", MAPPING_YAML],
    ["alert_rules.yaml", RULES_YAML],
  ] as const)
    await writeFile(at(name), text);
  const tickMs = (week: number): number => Date.parse(`${isoWeekStart(weekOf(week))}T06:00:00Z`);
  const schedule = {
    ...{ paused: true, changedMs: Date.now(), sinceMs: tickMs(5) - HOUR_MS },
    pauses: [
      { fromMs: tickMs(5) + 1, toMs: tickMs(7) },
      { fromMs: tickMs(7) + 1, toMs: Date.now() + 1_000 * 24 * HOUR_MS },
    ],
  };
  await mkdir(at("data/weeks"), { recursive: true });
  await writeFile(at("data/weeks/schedule.json"), JSON.stringify(schedule));

  const cluster = stack.use(await startPostgresCluster());
  const ml = stack.use(await startService("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` }));
  const ops = stack.use(
    await startService("ops-service", {
      ...{ DATABASE_URL: await cluster.createDatabase(), ML_SERVICE_URL: ml.grpc },
      BELLWETHER_ALERT_RULES: at("alert_rules.yaml"),
    }),
  );
  const scheduler = stack.use(
    await startService("scheduler-service", {
      ...{ ML_SERVICE_URL: ml.grpc, OPS_SERVICE_URL: ops.grpc, DATABASE_URL: await cluster.createDatabase() },
      ...{ BELLWETHER_MODEL_CONFIG: at("model_config.yaml"), BELLWETHER_FEATURE_MAPPING: at("feature_mapping.yaml") },
      ...{ BELLWETHER_DATA_DIR: at("data"), WEEKLY_INPUT_FOLDER: folder, WEEKLY_INPUT: "{week}.csv" },
      ...{ WEEKLY_CRON: "0 6 * * 1", WEEKLY_LOOK_BACK: "180d", WEEKLY_INPUT_CHECK: "1s" },
    }),
  );
  const transportOf = ({ grpc }: { readonly grpc: string }) => createGrpcTransport({ baseUrl: grpc });
  return {
    ...{ ops: transportOf(ops), schedules: createClient(ScheduleService, transportOf(scheduler)) },
    models: createClient(ModelRegistryService, transportOf(ml)),
    writeWeek: (week: number, file: StoryFile) => writeFile(at(`${weekOf(week)}.csv`), storyCsv(week, file)),
    promoteStrict: () => promote(strict),
  };
}

test("twelve weeks with drift, a flapping and a vanishing supplier, a promotion, and missed, late, held, voided and corrected weeks are as the table says", async () => {
  await using stack = new AsyncDisposableStack();
  const story = await startStory(stack);
  const { ops, schedules } = story;
  const batch = createClient(BatchService, ops);
  const seen = new Map<string, SeenRun>();
  const runOf = async (week: number): Promise<BatchRun> => {
    const { run } = await batch.getRun({ isoWeek: weekOf(week) });
    if (!run) throw new Error(`no run of W${week}`);
    return run;
  };
  const note = async (when: string, run: BatchRun): Promise<void> => {
    const { run: state, alerts, drift, report, audit } = await seenRun(ops, run);
    const texts = { alerts: inStory(alerts), drift: inStory(drift), report: inStory(report) };
    seen.set(when, { run: inStory(state), ...texts, audit });
  };
  /** Writes the file of a week and runs it, to its end. */
  const runWeek = async (week: number, file: StoryFile): Promise<BatchRun> => {
    await story.writeWeek(week, file);
    const { jobId } = await schedules.triggerRun({ scheduleId: "weekly", isoWeek: weekOf(week) });
    for await (const status of schedules.watchProgress({ jobId }))
      if (status.state === RunState.FAILED) throw new Error(`W${week}: ${status.failure}`);
    return await runOf(week);
  };

  await note("W1", await runWeek(1, {}));
  await note("W2", await runWeek(2, { broken: 1 }));
  await note("W3", await runWeek(3, { disputes: { Flapping: 8, Vanishing: 9 } }));
  const gone = { Vanishing: null };
  await note("W4", await runWeek(4, { disputes: gone }));
  await schedules.resumeSchedule({ scheduleId: "weekly" });
  for (const week of [5, 7])
    await vi.waitFor(async () => expect(await runOf(week)).toMatchObject({ state: RunState.MISSED }), PATIENCE);
  await note("W5", await runOf(5));
  const delayBy = 5;
  await note("W6", await runWeek(6, { delayBy, disputes: { ...gone, Flapping: 8 } }));
  await note("W7", await runOf(7));
  await note("W8", await runWeek(8, { delayBy, disputes: { ...gone, Flapping: 8 } }));
  await note("W7, later", await runWeek(7, { delayBy, disputes: gone }));

  await story.promoteStrict();
  await vi.waitFor(async () => {
    const { version } = await story.models.getVersion({});
    expect(version?.version).toBe("v2");
  }, PATIENCE);
  await note("W9", await runWeek(9, { delayBy, disputes: gone }));

  const held = await runWeek(10, { delayBy, disputes: gone, isShort: true });
  await note("W10", held);
  await batch.approveRun({ runId: held.runId, reason: "the branch was sold" });
  await vi.waitFor(async () => expect(await runOf(10)).toMatchObject({ state: RunState.COMPLETE }), PATIENCE);
  await note("W10, approved", await runOf(10));

  const wrong = await runWeek(11, { delayBy, disputes: { ...gone, Flapping: 9 } });
  await note("W11", wrong);
  await batch.voidRun({ runId: wrong.runId, reason: "the file of another company" });
  await note("W11, voided", await runOf(11));
  await note("W11, again", await runWeek(11, { delayBy, disputes: gone }));

  const mistaken = await runWeek(12, { delayBy, disputes: { ...gone, Late: 9 } });
  await note("W12", mistaken);
  await batch.supersedeRun({ runId: mistaken.runId, reason: "a mistake in the file" });
  await note("W12, corrected", await runWeek(12, { delayBy, disputes: { ...gone, Flapping: 9 } }));
  const { run: replaced } = await batch.getRun({ runId: mistaken.runId });
  if (replaced) await note("W12, replaced", replaced);

  expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(await expectedRows()));
  expect((await createClient(AuditService, ops).verifyChain({})).holds).toBe(true);
});
