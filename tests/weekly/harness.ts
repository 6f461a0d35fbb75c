import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { ScheduleService } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { weekCsv, weeklyFolder } from "@bellwether/scheduler-service/weekly-fixture";
import { openPostgres } from "@bellwether/storage/open-postgres";
import { publishDemoModel } from "@bellwether/testing/demo-model";
import type { PostgresCluster } from "@bellwether/testing/postgres-cluster";
import { type ServiceProcess, startService } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect } from "vitest";
import { type RelayedService, startRelayed } from "./relay.ts";

export const WEEK = "2026-W47";
/** Five chunks, the last one short. */
const ROWS = 20_000;
/** Rows whose delay is no number. */
const BROKEN = 7;
const SCORED = ROWS - BROKEN;

/** ops-service on a database of its own, ml-service, and a weekly file. */
export interface WeeklyMesh extends AsyncDisposable {
  /** ops-service's database. */
  readonly databaseUrl: string;
  readonly ops: RelayedService;
  startScheduler(queue: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** scheduler-service's one-shot form, on a machine of that name: its exit code and last line. */
  runOnce(machine: string): Promise<{ readonly code: number; readonly line: string }>;
  /** Holds the week, as that machine reports it too, against what it must be however it came about. Gives the digest of its scores. */
  proveWhole(machine?: string): Promise<string>;
}

/** ml-service with the demo model as champion. */
export async function startMl(): Promise<RelayedService> {
  const registry = await mkdtemp(path.join(os.tmpdir(), "bellwether-kills-models-"));
  await publishDemoModel(registry);
  const ml = await startRelayed("ml-service", { MODEL_REGISTRY_URL: `file:${registry}` });
  const stop = ml[Symbol.asyncDispose];
  return Object.assign(ml, {
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(registry, { recursive: true, force: true });
    },
  });
}

export async function startMesh(cluster: PostgresCluster, ml: RelayedService): Promise<WeeklyMesh> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await weeklyFolder());
  await writeFile(folder.at("week.csv"), weekCsv(ROWS, { broken: BROKEN }));
  const databaseUrl = await cluster.createDatabase();
  const ops = starting.use(await startRelayed("ops-service", { DATABASE_URL: databaseUrl }));
  const weekly = (machine: string) => ({
    ML_SERVICE_URL: ml.url,
    OPS_SERVICE_URL: ops.url,
    BELLWETHER_MODEL_CONFIG: folder.settings.modelConfig,
    BELLWETHER_FEATURE_MAPPING: folder.settings.featureMapping,
    BELLWETHER_DATA_DIR: folder.at(machine),
  });
  const opened = starting.move();
  return {
    databaseUrl,
    ops,
    startScheduler: (queue) =>
      startService("scheduler-service", {
        ...weekly("scheduler"),
        ...queue,
        WEEKLY_INPUT_FOLDER: folder.at("."),
        WEEKLY_INPUT: "week.csv",
        WEEKLY_JOB_LOCK: "2s",
      }),
    runOnce: (machine) => runOnce({ ...weekly(machine), WEEKLY_WEEK: WEEK, WEEKLY_INPUT: folder.at("week.csv") }),
    async proveWhole(machine = "scheduler") {
      const report = folder.at(path.join(machine, "weeks", "supplier-risk", WEEK, "report.csv"));
      proveReport(await readFile(report, "utf8"));
      await proveAnswers(ops.now.grpc);
      return await proveTables(databaseUrl);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Asks a scheduler for the week and waits until it is complete or given up. */
export async function triggerWeek(scheduler: ServiceProcess): Promise<string> {
  const { jobId } = await scheduleClient(scheduler).triggerRun({ scheduleId: "weekly", isoWeek: WEEK });
  return jobId;
}

/** How a job ends. */
export async function endOf(scheduler: ServiceProcess, jobId: string): Promise<RunState | undefined> {
  let state: RunState | undefined;
  for await (const news of scheduleClient(scheduler).watchProgress({ jobId })) state = news.state;
  return state;
}

const scheduleClient = ({ grpc }: ServiceProcess) =>
  createClient(ScheduleService, createGrpcTransport({ baseUrl: grpc }));

function runOnce(env: Record<string, string>): Promise<{ code: number; line: string }> {
  const main = createRequire(import.meta.url).resolve("@bellwether/scheduler-service/once/main");
  return new Promise((resolve) => {
    execFile(process.execPath, [main], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), line: `${stdout}${stderr}`.trim().split("\n").at(-1) ?? "" }),
    );
  });
}

function proveReport(csv: string): void {
  const ids = csv
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",", 1)[0]);
  expect(ids).toHaveLength(SCORED);
  expect(new Set(ids).size).toBe(SCORED);
}

async function proveAnswers(baseUrl: string): Promise<void> {
  const transport = createGrpcTransport({ baseUrl });
  const { run } = await createClient(BatchService, transport).getRun({ isoWeek: WEEK });
  expect(run).toMatchObject({ state: RunState.COMPLETE, rowsRead: BigInt(ROWS), failure: "" });
  const { rowsScored, rowsSetAside } = run as BatchRun;
  expect([rowsScored, rowsSetAside]).toEqual([BigInt(SCORED), BigInt(BROKEN)]);
  const audit = createClient(AuditService, transport);
  expect((await audit.verifyChain({})).holds).toBe(true);
  expect((await audit.queryEvents({ kind: "run.completed" })).records).toHaveLength(1);
}

/** Every supplier has one score, every alert was raised once; no second run, no left-over table. */
async function proveTables(databaseUrl: string): Promise<string> {
  const sql = await openPostgres(databaseUrl, { max: 1 });
  try {
    const [facts] = await sql.unsafe<Record<string, number>[]>(`select
      (select count(*)::int from bellwether.run) as runs,
      (select alerts_raised from bellwether.run) as "alertsRaised",
      (select count(*)::int from bellwether.score) as scores,
      (select count(distinct supplier)::int from bellwether.score) as scored,
      (select count(*)::int from bellwether.supplier) as suppliers,
      (select count(*)::int from bellwether.score_chunk) as chunks,
      (select count(*)::int from bellwether.alert) as alerts,
      (select count(*)::int from bellwether.alert_event) as "alertEvents",
      (select count(*)::int from pg_class where relname ~ '^score_(chunk_)?r[0-9]+$') as parts`);
    const { alerts, alertsRaised, alertEvents, ...counts } = facts ?? {};
    expect(counts).toEqual({ runs: 1, scores: SCORED, scored: SCORED, suppliers: SCORED, chunks: 5, parts: 2 });
    expect(alerts).toBeGreaterThan(0);
    expect([alerts, alertEvents]).toEqual([alertsRaised, alertsRaised]);
    const [scores] = await sql.unsafe<{ digest: string }[]>(`
      select md5(string_agg(u.external_id || ' ' || s.p || ' ' || s.impact || ' ' || encode(s.top, 'hex'), ',' order by u.external_id))
        as digest from bellwether.score s join bellwether.supplier u on u.id = s.supplier`);
    return scores?.digest ?? "";
  } finally {
    await sql.end({ timeout: 1 });
  }
}
