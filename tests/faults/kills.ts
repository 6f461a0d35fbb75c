import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import type { ServiceProcess } from "@bellwether/testing/service-process";
import { metric } from "../../bench/metric.ts";
import { closeGate, type GATES } from "../weekly/gate.ts";
import {
  createWeek,
  firstProgress,
  lastProgress,
  startMesh,
  type TestWeek,
  trigger,
  type WeeklyMesh,
} from "../weekly/harness.ts";
import { atMost, type Finding, type Scenario } from "./harness.ts";
import { type RevisedWeek, reviseWeek } from "./revised-week.ts";

/** Stages of a run, each with the transaction of ops-service that waits while a process is killed. */
const STAGES = {
  start: "start",
  ingest: "ingest",
  validate: "validate",
  score: "secondChunk",
  drift: "afterChunks",
  complete: "complete",
} as const satisfies Record<string, keyof typeof GATES>;
type Stage = keyof typeof STAGES;

const VICTIMS = ["scheduler", "ops", "ml", "ingest", "postgres"] as const;
type Victim = (typeof VICTIMS)[number];
const QUEUES = ["postgres", "redis"] as const;
type Queue = (typeof QUEUES)[number];
/** The first run of a week, or a revision of a complete week. */
const RUNS = ["first", "revision"] as const;

/** The process that reads the file exists until the snapshot is written. */
const HAS_READER: ReadonlySet<Stage> = new Set(["start", "ingest"]);
/** Stages of --quick. The reader is killed while it reads, a revision while it replaces the earlier one. */
const QUICK = { ingest: "ingest", first: "score", revision: "complete" } as const;

/** Limits for a busy machine: a gate is reached and a run completes in seconds on an idle one. */
const GATE_MS = 300_000;
const READER_MS = 60_000;
const GIVE_UP_MS = 600_000;
const LOOK_MS = 100;
/** Weeks 10 to 52 of a year. Each kill has a later week: a week that completes after a later one changes no alerts. */
const WEEKS = { first: 10, perYear: 43, year: 2025 } as const;

/** A mesh whose database server can be killed, too. */
type KilledMesh = WeeklyMesh & { readonly cluster: PostgresCluster };

interface Kill {
  readonly run: (typeof RUNS)[number];
  readonly stage: Stage;
  readonly victim: Victim;
  readonly queue: Queue;
}

/**
 * Kills each process of a weekly run with SIGKILL, in each stage and with the jobs in PostgreSQL and in Redis: scheduler,
 * ops-service, ml-service, the process that reads the file, and PostgreSQL. Every run must then complete by itself, with each
 * supplier scored once, and with the scores, alerts and audit events of a run that was not disturbed. So must every
 * revision of a complete week; until then, readers see the earlier revision.
 */
export const kills: Scenario = async (quick) => {
  await using cluster = await startPostgresCluster();
  await using started = await startMesh(cluster);
  const mesh = { ...started, cluster };
  await using redis = hasRedis() ? await startRedis() : null;
  await using week = await createWeek(mesh, WEEKS.first, WEEKS.year - 1);
  const { code, line } = await week.runOnce();
  if (code !== 0) throw new Error(`the run without a kill failed: ${line}`);
  const undisturbed = await week.assertComplete();
  const results = new Map<string, string>();
  let failed = 0;
  const record = async (kill: Kill, killed: (env: Readonly<Record<string, string>>) => Promise<string>) => {
    const env = kill.queue === "redis" && redis !== null ? { REDIS_URL: redis.url } : await onPostgres(mesh);
    const beganMs = performance.now();
    const problem = await killed(env).catch((error: unknown) => textOf(error));
    const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
    if (problem !== "") failed++;
    results.set(keyOf(kill), problem === "" ? `ok ${seconds} s` : "FAILED");
    console.log(`${keyOf(kill).padEnd(36)} ${problem === "" ? `ok ${seconds} s` : `FAILED: ${problem}`}`);
  };
  const all = killsOf(quick, redis !== null);
  const firstRuns = all.filter(({ run }) => run === "first");
  for (const [i, kill] of firstRuns.entries())
    await record(kill, (env) => killFirstRun(mesh, kill, env, i, undisturbed));
  // A later week than all others: a revision of an earlier week changes no alerts.
  await using revised = await reviseWeek(await createNumberedWeek(mesh, firstRuns.length));
  for (const kill of all.filter(({ run }) => run === "revision"))
    await record(kill, (env) => killRevision(mesh, kill, env, revised));
  for (const run of RUNS) for (const text of table(run, results)) console.log(text);
  const findings: Finding[] = [atMost("kills.failed", failed, `of ${results.size} kills`, 0)];
  const reason = "redis-server is not installed";
  if (redis === null) findings.push(metric({ name: "kills.redis", value: null, unit: "", better: "lower", reason }));
  return findings;
};

const keyOf = ({ run, stage, victim, queue }: Kill): string => `${run} ${stage} ${victim} ${queue}`;
const textOf = (error: unknown): string => {
  // An error of a disposal has the error before it: the first one is the cause.
  if (error instanceof SuppressedError) return `${textOf(error.suppressed)}; then ${textOf(error.error)}`;
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
};
const onPostgres = async (mesh: KilledMesh) => ({ DATABASE_URL: await mesh.cluster.createDatabase() });

function killsOf(quick: boolean, withRedis: boolean): Kill[] {
  const queues = QUEUES.filter((queue) => queue !== "redis" || withRedis);
  const stages = Object.keys(STAGES) as Stage[];
  return RUNS.flatMap((run) =>
    queues.flatMap((queue) =>
      VICTIMS.flatMap((victim) =>
        stages
          .filter((stage) => victim !== "ingest" || HAS_READER.has(stage))
          .filter((stage) => !quick || stage === QUICK[victim === "ingest" ? victim : run])
          .map((stage) => ({ run, stage, victim, queue })),
      ),
    ),
  );
}

const DIFFERENT = "scores or alerts differ from those of a run without a kill";

const createNumberedWeek = (mesh: KilledMesh, number: number): Promise<TestWeek> =>
  createWeek(mesh, WEEKS.first + (number % WEEKS.perYear), WEEKS.year + Math.floor(number / WEEKS.perYear));

/** Runs a week in which a process is killed. Returns what is wrong afterwards; "": nothing. */
async function killFirstRun(
  mesh: KilledMesh,
  kill: Kill,
  env: Readonly<Record<string, string>>,
  number: number,
  undisturbed: string,
): Promise<string> {
  await using week = await createNumberedWeek(mesh, number);
  await runWithKill(mesh, week, kill, env);
  return (await week.assertComplete()) === undisturbed ? "" : DIFFERENT;
}

/** Revises a week while a process is killed. Returns what is wrong afterwards; "": nothing. */
async function killRevision(
  mesh: KilledMesh,
  kill: Kill,
  env: Readonly<Record<string, string>>,
  { week, request, isAsExpected }: RevisedWeek,
): Promise<string> {
  const before = await week.readServed();
  const superseded = await request();
  await runWithKill(mesh, week, kill, env, async () => {
    assert.deepEqual(await week.readServed(), before, "what readers see before the revision is complete");
  });
  return (await isAsExpected(superseded)) ? "" : DIFFERENT;
}

/**
 * Runs a week, kills one process in one stage, and waits until the run is complete.
 * @param beforeKill called when the run waits in its stage
 */
async function runWithKill(
  mesh: KilledMesh,
  week: TestWeek,
  { stage, victim }: Kill,
  env: Readonly<Record<string, string>>,
  beforeKill = async (): Promise<void> => {},
): Promise<void> {
  await using gate = await closeGate(mesh.databaseUrl, STAGES[stage], GATE_MS);
  await using stack = new AsyncDisposableStack();
  const scheduler = stack.use(await week.startScheduler(env));
  const jobId = await trigger(scheduler, week);
  await gate.reached().catch(async (error: unknown) => {
    throw new Error(`${textOf(error)}; job: ${await jobText(scheduler, jobId)}`);
  });
  await beforeKill();
  const after = { scheduler, open: gate.open };
  const next = await killVictim(mesh, week, victim, env, after);
  if (next !== scheduler) stack.use(next);
  await completed(next, jobId);
}

/** Kills a process, lets the transaction at the gate go on, and starts what a supervisor would start. Returns the scheduler. */
async function killVictim(
  mesh: KilledMesh,
  week: TestWeek,
  victim: Victim,
  env: Readonly<Record<string, string>>,
  { scheduler, open }: { readonly scheduler: ServiceProcess; readonly open: () => Promise<void> },
): Promise<ServiceProcess> {
  switch (victim) {
    case "scheduler":
      await scheduler.kill();
      await open();
      return await week.startScheduler(env);
    case "ops":
    case "ml":
      await mesh[victim].now.kill();
      await open();
      await mesh[victim].restart();
      return scheduler;
    case "ingest": {
      // Stopped, it cannot end before it is killed.
      const reader = await readerOf(scheduler.process.pid ?? 0);
      process.kill(reader, "SIGSTOP");
      await open();
      process.kill(reader, "SIGKILL");
      return scheduler;
    }
    case "postgres":
      await mesh.cluster.restart();
      return scheduler;
  }
}

/** Waits for the process that reads the file for a scheduler, and returns its id. */
async function readerOf(parent: number): Promise<number> {
  for (const endMs = performance.now() + READER_MS; performance.now() < endMs; await delay(LOOK_MS)) {
    const reader = readdirSync("/proc").find((name) => /^\d+$/.test(name) && isReaderOf(name, parent));
    if (reader !== undefined) return Number(reader);
  }
  throw new Error("no process reads the file");
}

function isReaderOf(pid: string, parent: number): boolean {
  try {
    const [, found = ""] = /\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    return Number(found) === parent && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("ingest-main");
  } catch {
    return false; // The process ended meanwhile.
  }
}

/** Returns the present status of a job as text. */
async function jobText(scheduler: ServiceProcess, jobId: string): Promise<string> {
  const status = await firstProgress(scheduler, jobId).catch((error: unknown) => textOf(error));
  if (typeof status === "string" || status === null) return status ?? "no status";
  return `state ${status.state}, stage ${status.stage}, ${status.rowsScored} of ${status.rowsRead} rows scored ${status.failure}`;
}

/** Waits until the job has completed its run. A watch ends when its store or its service is killed: then another one begins. */
async function completed(scheduler: ServiceProcess, jobId: string): Promise<void> {
  let last = "no status";
  for (const endMs = performance.now() + GIVE_UP_MS; performance.now() < endMs; await delay(LOOK_MS)) {
    const status = await lastProgress(scheduler, jobId).catch((error: unknown) => {
      last = textOf(error);
      return null;
    });
    if (status?.state === RunState.COMPLETE) return;
    if (status !== null) last = `state ${status.state}: ${status.failure}`;
    if (status?.state === RunState.FAILED || status?.state === RunState.HELD) break;
  }
  throw new Error(`the run did not complete: ${last}`);
}

/** Returns the results of first runs or of revisions as a table: a line per stage, a column per victim and queue. */
function table(run: Kill["run"], results: ReadonlyMap<string, string>): string[] {
  const columns = QUEUES.flatMap((queue) => VICTIMS.map((victim) => ({ queue, victim })));
  const used = columns.filter(({ victim, queue }) =>
    [...results.keys()].some((key) => key.endsWith(` ${victim} ${queue}`)),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line([
      `stage of ${run === "first" ? "a first run" : "a revision"}`,
      ...used.map(({ victim, queue }) => `${victim}, jobs in ${queue}`),
    ]),
    line(["---", ...used.map(() => "---")]),
    ...(Object.keys(STAGES) as Stage[]).map((stage) =>
      line([stage, ...used.map(({ victim, queue }) => results.get(keyOf({ run, stage, victim, queue })) ?? "–")]),
    ),
  ];
}
