import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { isoWeekStart } from "@bellwether/contract/iso-week";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import {
  ScheduleService,
  type WatchProgressResponse,
} from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import { type EndedProcess, runNode } from "@bellwether/testing/node-process";
import { type PostgresServer, usePostgres } from "@bellwether/testing/postgres-cluster";
import { PROCESS_ENV, type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { type RunningCommands, startCommands } from "../../services/cli/test/running-commands.ts";
import { weekCsv, weeklyFolder } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { assertRevision, readServed, type ServedWeek } from "./assert-revision.ts";
import { assertRun, CHUNK_ROWS, ROWS } from "./assert-run.ts";
import { type RelayedService, startRelayed } from "./relay.ts";

/** ml-service and ops-service, each in its own process, for all weeks of a test file. */
export interface WeeklyMesh extends AsyncDisposable {
  readonly cluster: PostgresServer;
  /** URL of ops-service's database. */
  readonly databaseUrl: string;
  readonly ops: RelayedService;
  readonly ml: RelayedService;
  readonly commands: RunningCommands;
}

/** @param given database server. Default: that of the test worker. */
export async function startMesh(given?: PostgresServer): Promise<WeeklyMesh> {
  await using starting = new AsyncDisposableStack();
  const registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-kills-models-"));
  starting.defer(() => rm(registry, { recursive: true, force: true }));
  await publishDemoModel(registry);
  const cluster = given ?? starting.use(await usePostgres());
  const databaseUrl = await cluster.createDatabase();
  const ops = starting.use(await startRelayed("ops-service", { DATABASE_URL: databaseUrl }));
  const ml = starting.use(await startRelayed("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` }));
  const commands = starting.use(startCommands());
  const started = starting.move();
  return { cluster, databaseUrl, ops, ml, commands, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** A week with its own suppliers, ready to be run. */
export interface TestWeek extends AsyncDisposable {
  readonly isoWeek: string;
  /** Replaces the weekly file. */
  writeFile(csv: string): Promise<void>;
  /** Replaces the weekly file by one with the same suppliers, whose delays are higher by this number of days. */
  writeDelays(by: number): Promise<void>;
  /** Replaces a text in the mapping, or in the model configuration. */
  changeMapping(before: string, after: string): Promise<void>;
  changeModel(before: string, after: string): Promise<void>;
  startScheduler(
    queue: Readonly<Record<string, string>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess>;
  /** Makes the tick of this week due: the schedule began before it, and no scheduler ran. Returns variables for it. */
  missTick(): Promise<Record<string, string>>;
  /**
   * Runs the week in a process of scheduler-service that then ends, with the data folder of `machine`.
   * Resolves with its exit code and last line.
   */
  runOnce(
    machine?: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly line: string }>;
  /** Runs `bellwether weekly run --json`. Resolves with its exit code, its line of JSON and its error text. */
  runCommand(...options: readonly string[]): Promise<EndedProcess>;
  /** Runs `bellwether weekly` with these arguments and --json. */
  command(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<EndedProcess>;
  /** Options of `bellwether weekly check` and `run`: the weekly file, its mapping, and ml-service. */
  readonly options: readonly string[];
  /** Returns the SHA-256 of the weekly file, lower-case hex. */
  sourceDigest(): Promise<string>;
  /**
   * Asserts what must be true of every complete run, and of the report in the data folder of `machine`.
   * Returns a digest of the scores, which does not depend on the size of the chunks.
   */
  assertComplete(machine?: string, chunkRows?: number): Promise<string>;
  /** Returns what readers see of the week. */
  readServed(): Promise<ServedWeek>;
  /** Asks for a new revision of the week, which must be complete. Returns the id of the run that it is to replace. */
  supersede(): Promise<number>;
  /** As `assertComplete`, for the revision that has replaced a run. */
  assertRevision(supersededRunId: number): Promise<string>;
}

/**
 * @param weekNumber from 10 to 52; week and year are part of the supplier ids, so that a week does not change the alerts of another
 */
export async function createWeek(
  { ops, ml, databaseUrl, commands }: WeeklyMesh,
  weekNumber: number,
  year = 2026,
): Promise<TestWeek> {
  const folder = await weeklyFolder();
  const isoWeek = `${year}-W${weekNumber}`;
  const prefix = `W${year}_${weekNumber}_`;
  const writeDelays = (delayBy: number): Promise<void> => {
    const csv = weekCsv(ROWS.read, { broken: ROWS.rejected, delayBy });
    return writeFile(folder.at("week.csv"), csv.replaceAll("\nS_", `\n${prefix}`));
  };
  await writeDelays(0);
  const environment = (machine: string) => ({
    ML_SERVICE_URL: ml.url,
    OPS_SERVICE_URL: ops.url,
    BELLWETHER_MODEL_CONFIG: folder.settings.modelConfig,
    BELLWETHER_FEATURE_MAPPING: folder.settings.featureMapping,
    BELLWETHER_DATA_DIR: folder.at(machine),
    WEEKLY_CHUNK_ROWS: String(CHUNK_ROWS),
  });
  return {
    isoWeek,
    writeFile: (csv) => writeFile(folder.at("week.csv"), csv),
    writeDelays,
    changeMapping: (before, after) => replaceIn(folder.settings.featureMapping, before, after),
    changeModel: (before, after) => replaceIn(folder.settings.modelConfig, before, after),
    startScheduler: (queue, env = {}) =>
      startService("scheduler-service", {
        ...environment("a machine"),
        ...queue,
        WEEKLY_INPUT_FOLDER: folder.at("."),
        WEEKLY_INPUT: "week.csv",
        WEEKLY_JOB_LOCK: "2s",
        ...env,
      }),
    async missTick() {
      const monday = isoWeekStart(isoWeek);
      const sinceMs = Date.parse(monday) - DAY_MS;
      await mkdir(folder.at("a machine/weeks"), { recursive: true });
      const state = { paused: false, changedMs: 0, sinceMs };
      await writeFile(folder.at("a machine/weeks/schedule.json"), JSON.stringify(state));
      const [, month, day] = monday.split("-").map(Number);
      // One tick a year, so that no later week is due.
      return { WEEKLY_CRON: `0 6 ${day} ${month} *`, WEEKLY_LOOK_BACK: "364d", WEEKLY_INPUT_CHECK: "1s" };
    },
    runOnce: (machine = "a machine", env = {}) =>
      runOnce({ ...environment(machine), WEEKLY_WEEK: isoWeek, WEEKLY_INPUT: folder.at("week.csv"), ...env }),
    runCommand: (...options) => {
      const pair = ["--config", folder.settings.modelConfig, "--mapping", folder.settings.featureMapping];
      const week = ["--week", isoWeek, "--input", folder.at("week.csv"), "--ml", ml.url, "--ops", ops.url];
      const env = { BELLWETHER_DATA_DIR: folder.at("a machine"), USER: "jane.doe" };
      const args = ["weekly", "run", ...pair, ...week, "--json", ...options];
      return runNode(CLI, { args, env: { ...PROCESS_ENV, ...env } });
    },
    command: (args, over = {}) => {
      const own = { BELLWETHER_DATA_DIR: folder.at("a machine"), OPS_SERVICE_URL: ops.url };
      const request = { args: ["weekly", ...args, "--json"], env: { ...PROCESS_ENV, ...own, ...over } };
      // The program that runs a week writes to the standard streams of the command, which must be its own.
      return args[0] === "run" ? runNode(CLI, request) : commands.run({ ...request, cwd: process.cwd() });
    },
    options: [
      ...["--config", folder.settings.modelConfig, "--mapping", folder.settings.featureMapping],
      ...["--input", folder.at("week.csv"), "--ml", ml.url],
    ],
    sourceDigest: async () =>
      createHash("sha256")
        .update(await readFile(folder.at("week.csv")))
        .digest("hex"),
    async assertComplete(machine = "a machine", chunkRows: number = CHUNK_ROWS) {
      const report = path.join(folder.at(machine), "weeks", "supplier-risk", isoWeek, "report.csv");
      const traces = { isoWeek, prefix, ops: ops.now.grpc, databaseUrl, chunkRows };
      return assertRun({ ...traces, report: await readFile(report, "utf8") });
    },
    readServed: () => readServed({ databaseUrl, isoWeek, prefix }),
    async supersede() {
      const batch = createClient(BatchService, createGrpcTransport({ baseUrl: ops.now.grpc }));
      const { run } = await batch.getRun({ isoWeek });
      const runId = run?.runId ?? 0;
      await batch.supersedeRun({ runId, reason: "another file is right" });
      return runId;
    },
    async assertRevision(supersededRunId) {
      const at = (name: string) => path.join(folder.at("a machine"), "weeks", "supplier-risk", isoWeek, name);
      const [reportCsv, reportJson] = await Promise.all(
        ["report.csv", "report.json"].map((name) => readFile(at(name), "utf8")),
      );
      const traces = { isoWeek, prefix, ops: ops.now.grpc, databaseUrl, supersededRunId };
      return assertRevision({ ...traces, reportCsv: reportCsv ?? "", reportJson: reportJson ?? "" });
    },
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

/** Triggers a week and returns the id of its job. */
export async function trigger(
  scheduler: ServiceProcess,
  { isoWeek }: TestWeek,
  decisions: { readonly acceptLosses?: string; readonly forceFuture?: string } = {},
): Promise<string> {
  return (await scheduleClient(scheduler).triggerRun({ scheduleId: "weekly", isoWeek, ...decisions })).jobId;
}

/** Waits for the end of a job and returns its state. */
export async function endOf(scheduler: ServiceProcess, jobId: string): Promise<RunState> {
  return (await lastProgress(scheduler, jobId))?.state ?? RunState.UNSPECIFIED;
}

/** Returns the present status of a job. Null: the watch ended without one. */
export async function firstProgress(scheduler: ServiceProcess, jobId: string): Promise<WatchProgressResponse | null> {
  for await (const status of scheduleClient(scheduler).watchProgress({ jobId })) return status;
  return null;
}

/** Waits for the end of a job and returns its last status. */
export async function lastProgress(scheduler: ServiceProcess, jobId: string): Promise<WatchProgressResponse | null> {
  let last: WatchProgressResponse | null = null;
  for await (const status of scheduleClient(scheduler).watchProgress({ jobId })) last = status;
  return last;
}

const scheduleClient = ({ grpc }: ServiceProcess) =>
  createClient(ScheduleService, createGrpcTransport({ baseUrl: grpc }));

async function replaceIn(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, "utf8");
  if (!text.includes(before)) throw new Error(`${file} has no ${before}`);
  await writeFile(file, text.replaceAll(before, after));
}

const DAY_MS = 86_400_000;
const CLI = path.resolve(import.meta.dirname, "../../services/cli/bellwether.js");

async function runOnce(env: Record<string, string>): Promise<{ code: number | null; line: string }> {
  const main = createRequire(import.meta.url).resolve("@bellwether/scheduler-service/once/main");
  const { code, stdout, stderr } = await runNode(main, { env: { ...PROCESS_ENV, ...env } });
  return { code, line: `${stdout}${stderr}`.trim().split("\n").at(-1) ?? "" };
}
