import { AuditService } from "@bellwether/gen/bellwether/ops/v1/audit_service_pb";
import { type BatchRun, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { BatchService } from "@bellwether/gen/bellwether/ops/v1/batch_service_pb";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import type { ServiceProcess } from "@bellwether/testing/service-process";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { weekCsv } from "../../services/scheduler-service/test/weekly-fixture.ts";
import { closeGate } from "./gate.ts";
import { createWeek, startMesh, type TestWeek, type WeeklyMesh } from "./harness.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const ROWS = 300;
const PATIENCE = { timeout: 90_000, interval: 100 };
const WHY = ["--reason", "the branch was sold"] as const;

let mesh: WeeklyMesh;
beforeAll(async () => {
  mesh = await startMesh();
});
afterAll(() => mesh?.[Symbol.asyncDispose]());

const onPostgres = async () => ({ DATABASE_URL: await mesh.cluster.createDatabase() });
const transport = () => createGrpcTransport({ baseUrl: mesh.ops.now.grpc });
const batch = () => createClient(BatchService, transport());
const runOf = async (isoWeek: string): Promise<BatchRun | undefined> => (await batch().getRun({ isoWeek })).run;
const stateOf = async (isoWeek: string): Promise<RunState | undefined> => (await runOf(isoWeek))?.state;
/** Kinds of the audit events of a run, oldest first. */
async function eventsOf(run: BatchRun | undefined): Promise<string[]> {
  const { records } = await createClient(AuditService, transport()).queryEvents({ subject: `run/${run?.runId}` });
  const sorted = records.toSorted((a, b) => Number(a.sequence - b.sequence));
  return sorted.map(({ event }) => event?.kind ?? "").filter((kind) => !/^(alerts|run\.drift)/.test(kind));
}

/** The events of a run that was held once, approved and completed. */
const PUBLISHED = ["run.held", "run.approved", "run.losses_accepted", "run.completed"];

let files = 0;
/** Returns a file that no other week has had. */
const good = (): string => weekCsv(ROWS, { delayBy: ++files * 0.01 });
/** Returns a file that is held: 20 rows cannot be read. */
const bad = (): string => weekCsv(ROWS, { broken: 20, delayBy: ++files * 0.01 });

/** The folder of an operator, whose commands and scheduler use the same data folder. */
interface Operator {
  readonly week: TestWeek;
  readonly queue: Readonly<Record<string, string>>;
  scheduler: ServiceProcess;
  /** Runs `bellwether weekly`. */
  command(...args: readonly string[]): ReturnType<TestWeek["command"]>;
  /** Runs a week from a file with the program that `weekly run` starts. */
  run(isoWeek: string, csv: string): ReturnType<TestWeek["runOnce"]>;
  start(env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
}

const OFTEN = { WEEKLY_INPUT_CHECK: "1s" };

async function startOperator(stack: AsyncDisposableStack, queue: Readonly<Record<string, string>>): Promise<Operator> {
  const week = stack.use(await createWeek(mesh, 10));
  const start = (env = {}) => week.startScheduler(queue, { ...OFTEN, ...env });
  const operator: Operator = {
    ...{ week, queue, start, scheduler: await start() },
    command: (...args) => week.command(args, { SCHEDULER_SERVICE_URL: operator.scheduler.grpc }),
    async run(isoWeek, csv) {
      await week.writeFile(csv);
      return await week.runOnce("a machine", { WEEKLY_WEEK: isoWeek });
    },
  };
  stack.defer(async () => {
    await operator.scheduler.stop();
  });
  return operator;
}

const complete = (isoWeek: string) =>
  vi.waitFor(async () => expect(await stateOf(isoWeek)).toBe(RunState.COMPLETE), PATIENCE);

const decide = {
  approve: (run: BatchRun | undefined) => batch().approveRun({ runId: run?.runId ?? 0, reason: WHY[1] }),
  void: (run: BatchRun | undefined) => batch().voidRun({ runId: run?.runId ?? 0, reason: WHY[1] }),
  supersede: (run: BatchRun | undefined) => batch().supersedeRun({ runId: run?.runId ?? 0, reason: WHY[1] }),
};

/** Runs a week from a bad file, which is held. Returns the run. */
async function holdWeek(operator: Operator, isoWeek: string, csv = bad()): Promise<BatchRun | undefined> {
  const { code, line } = await operator.run(isoWeek, csv);
  expect([code, line]).toEqual([1, expect.stringContaining("is held, and nothing of it is published")]);
  return await runOf(isoWeek);
}

async function voidRunHoldApprove(operator: Operator, isoWeek: string): Promise<void> {
  await operator.week.writeFile(good());
  const first = await operator.command("trigger", "--week", isoWeek, "--watch");
  expect(first.code, first.stderr).toBe(0);
  expect((await operator.command("void", "--week", isoWeek, ...WHY)).code).toBe(0);
  await operator.week.writeFile(bad());
  const run = await operator.command("run", "--week", isoWeek, ...operator.week.options);
  expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("is held, and nothing of it is published")]);
  const held = await runOf(isoWeek);
  expect(held).toMatchObject({ revision: 2, state: RunState.HELD });
  expect((await operator.command("approve", "--week", isoWeek, ...WHY)).code).toBe(0);
  await complete(isoWeek);
  expect(await eventsOf(held)).toEqual(PUBLISHED);
}

async function approveAndKill(operator: Operator, isoWeek: string): Promise<void> {
  const held = await holdWeek(operator, isoWeek);
  {
    await using gate = await closeGate(mesh.databaseUrl, "complete");
    await decide.approve(held);
    await gate.reached();
    await operator.scheduler.kill();
    await gate.open();
  }
  operator.scheduler = await operator.start();
  await complete(isoWeek);
  expect(await eventsOf(held)).toEqual(PUBLISHED);
  await vi.waitFor(async () => {
    const { stdout } = await operator.command("status");
    expect(JSON.parse(stdout)).toMatchObject({ open: [], waiting: [], running: [] });
  }, PATIENCE);
}

describe("with the jobs on Postgres", () => {
  let stack: AsyncDisposableStack;
  let operator: Operator;
  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    operator = await startOperator(stack, await onPostgres());
    const { code, line } = await operator.run("2026-W10", good());
    expect(code, line).toBe(0);
  });
  afterAll(() => stack?.disposeAsync());

  test("void, run (held) and approve completes the week, and it is not held again", async () => {
    await voidRunHoldApprove(operator, "2026-W11");
  });

  test("supersede, run (held) and approve completes the revision, which replaces the first one", async () => {
    const isoWeek = "2026-W12";
    expect((await operator.run(isoWeek, good())).code).toBe(0);
    const first = await runOf(isoWeek);
    await decide.supersede(first);
    const held = await holdWeek(operator, isoWeek);
    expect(held).toMatchObject({ revision: 2 });
    // Until then, everybody sees the first one.
    const { run: shown } = await batch().getRun({ runId: first?.runId ?? 0 });
    expect(shown?.state).toBe(RunState.COMPLETE);
    await decide.approve(held);
    await complete(isoWeek);
    expect(await eventsOf(held)).toEqual(PUBLISHED);
    expect(await eventsOf(first)).toEqual(["run.completed", "run.supersede_requested", "run.superseded"]);
  });

  test("a run that is approved while the scheduler is down is completed after its start, and twice is said", async () => {
    const isoWeek = "2026-W13";
    await operator.scheduler.stop();
    const held = await holdWeek(operator, isoWeek);
    const [first, second] = [
      await operator.command("approve", "--week", isoWeek, ...WHY),
      await operator.command("approve", "--week", isoWeek, "--reason", "again"),
    ];
    expect([first, second].map(({ code, stdout }) => [code, JSON.parse(stdout)])).toMatchObject([
      [0, { state: "held", approved: true, changed: true }],
      [0, { state: "held", approved: true, changed: false }],
    ]);
    operator.scheduler = await operator.start();
    await complete(isoWeek);
    expect(await eventsOf(held)).toEqual(PUBLISHED);
    const third = await operator.command("approve", "--week", isoWeek, "--reason", "again");
    expect([third.code, third.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^bellwether: 2026-W13 of .* is complete already: .* approved it at .*: the branch was sold; nothing was changed\n$/,
      ),
    ]);
  });

  test("a scheduler that is killed while it completes an approved run is followed by the next one", async () => {
    await approveAndKill(operator, "2026-W14");
  });

  test("a held run that is voided and run again is a new revision, which needs its own decision", async () => {
    const isoWeek = "2026-W15";
    const csv = bad();
    const first = await holdWeek(operator, isoWeek, csv);
    await decide.void(first);
    const second = await holdWeek(operator, isoWeek, csv);
    expect(second).toMatchObject({ revision: 2 });
    await decide.approve(second);
    await complete(isoWeek);
    expect(await eventsOf(first)).toEqual(["run.held", "run.voided"]);
    expect(await eventsOf(second)).toEqual(PUBLISHED);
  });

  test("a scheduler with another configuration leaves an approved run alone, says why, and keeps the approval", async () => {
    const isoWeek = "2026-W16";
    const held = await holdWeek(operator, isoWeek);
    await operator.scheduler.stop();
    // The rows of the same file would be others.
    await operator.week.changeMapping("past_disputes * 100", "past_disputes * 200");
    operator.scheduler = await operator.start();
    await decide.approve(held);
    await vi.waitFor(async () => {
      const { stdout } = await operator.command("status");
      expect(JSON.parse(stdout).waiting).toEqual([
        expect.objectContaining({ reason: expect.stringContaining("it was run with another configuration") }),
      ]);
    }, PATIENCE);
    const again = await operator.command("run", "--week", isoWeek, ...operator.week.options);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("void it (bellwether weekly void)")]);
    expect(await runOf(isoWeek)).toMatchObject({ state: RunState.HELD, approved: { reason: "the branch was sold" } });
    await operator.week.changeMapping("past_disputes * 200", "past_disputes * 100");
    expect((await operator.command("run", "--week", isoWeek, ...operator.week.options)).code).toBe(0);
    expect(await eventsOf(held)).toEqual(PUBLISHED);
  });
});

test.skipIf(!hasRedis())(
  "with the jobs on Redis, an approved run is completed too, after a voided one, and after kill -9 of the scheduler (skipped without redis-server)",
  async () => {
    await using redis = await startRedis();
    await using stack = new AsyncDisposableStack();
    const operator = await startOperator(stack, { REDIS_URL: redis.url });
    expect((await operator.run("2026-W20", good())).code).toBe(0);
    await voidRunHoldApprove(operator, "2026-W21");
    await approveAndKill(operator, "2026-W22");
  },
);

test("rows that cannot be scored hold the run when scoring ends, and after the approval they are not scored again", async () => {
  await using stack = new AsyncDisposableStack();
  const operator = await startOperator(stack, await onPostgres());
  const isoWeek = "2026-W30";
  // The model accepts at most 1,000 disputes, and this configuration more.
  await operator.scheduler.stop();
  await operator.week.changeModel(
    "{ name: past_disputes, kind: numeric, unit: units, range: [0, 1000] }",
    "{ name: past_disputes, kind: numeric, unit: units, range: [0, 5000] }",
  );
  operator.scheduler = await operator.start();
  await operator.week.writeFile(good().replace(/^(S_[12]?\d),\d/gm, "$1,2000"));
  const held = await operator.command("trigger", "--week", isoWeek, "--watch");
  expect([held.code, held.stderr]).toEqual([
    1,
    expect.stringContaining(
      "is held, and nothing of it is published: 30 rows rejected, 10 % of the rows (limits: 2 % and 10 rows)",
    ),
  ]);
  expect(await runOf(isoWeek)).toMatchObject({
    state: RunState.HELD,
    rowsScored: 270n,
    rowsRejected: 30n,
    checksFailed: 1,
  });
  expect((await operator.command("approve", "--week", isoWeek, ...WHY)).code).toBe(0);
  await complete(isoWeek);
  const run = await runOf(isoWeek);
  expect(run).toMatchObject({ rowsScored: 270n, losses: { accepted: { reason: "the branch was sold" } } });
  expect(await eventsOf(run)).toEqual(PUBLISHED);
});
