import { openQueue } from "@bellwether/queue/open-queue";
import { type PostgresCluster, startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createRunTrigger } from "./trigger-run.ts";
import type { RunJob, WeeklyJob, WeeklyQueue } from "./weekly-queue.ts";

// Long enough for a frozen store to continue.
vi.setConfig({ testTimeout: 90_000 });

const WEEK = "2026-W47";
const JOB = `weekly-${WEEK}`;
const NEVER = new AbortController().signal;

/** A store that freezes with its connections open. */
interface Store {
  readonly url: string;
  readonly freeze: () => void;
  readonly thaw: () => void;
}

async function setUp(url: string, onFind: () => void = () => {}, newRevision = 0) {
  const queues = await openQueue(url);
  const queue: WeeklyQueue = queues.queue<WeeklyJob, null>("weekly");
  const trigger = createRunTrigger({
    queue,
    timeZone: "UTC",
    completion: () => Promise.resolve({ isComplete: false, newRevision }),
    findInput: async (input) => {
      onFind();
      return input;
    },
    now: () => new Date("2026-11-18T06:00:00Z"),
  });
  const kept = async (): Promise<RunJob | undefined> => {
    const data = (await queue.getJob(JOB))?.data;
    return data?.kind === "run" ? data : undefined;
  };
  return { queue, trigger, kept, [Symbol.asyncDispose]: queues.close };
}

/** The store freezes while it receives the job: it adds the job after the caller got an error. */
async function assertLateAdd({ url, freeze, thaw }: Store): Promise<void> {
  await using first = await setUp(url, freeze);
  await expect(first.trigger.ask(WEEK, "week.csv")).rejects.toThrow(/nothing was started, try again later$/);
  thaw();
  await vi.waitFor(async () => expect(await first.kept()).toMatchObject({ week: WEEK }), { timeout: 20_000 });
  const late = await first.kept();
  // The request is also rejected by a worker in another process, which does not know the caller.
  await using other = await setUp(url);
  if (late) expect(await other.trigger.mayRun(JOB, late, NEVER)).toBe(false);
}

/** The store freezes while it receives the acceptance. */
async function assertLateAcceptance({ url, freeze, thaw }: Store): Promise<void> {
  await using set = await setUp(url);
  const look = set.queue.getJob.bind(set.queue);
  const spy = vi.spyOn(set.queue, "getJob").mockImplementation(async (id) => {
    const job = await look(id);
    if (job) freeze();
    return job;
  });
  await expect(set.trigger.ask(WEEK, "week.csv")).rejects.toThrow(/nothing was started, try again later$/);
  spy.mockRestore();
  thaw();
  await vi.waitFor(async () => expect((await set.kept())?.request?.accepted).toBe(true), { timeout: 20_000 });
  const late = await set.kept();
  if (late) expect(await set.trigger.mayRun(JOB, late, NEVER)).toBe(false);
}

async function onPostgres(assertHolds: (store: Store) => Promise<void>): Promise<void> {
  await using cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  await assertHolds({ url, freeze: () => cluster.signal("STOP"), thaw: () => cluster.signal("CONT") });
}

async function onRedis(assertHolds: (store: Store) => Promise<void>): Promise<void> {
  await using redis = await startRedis();
  await assertHolds(redis);
}

// Each test has its own store and waits for it to continue: together they take as long as one.
describe.concurrent("a store that freezes", () => {
  test("Postgres adds a job after its caller got an error: no worker runs it", () => onPostgres(assertLateAdd));
  test("Postgres accepts a request after its caller got an error: it is not run", () =>
    onPostgres(assertLateAcceptance));
  test.skipIf(!hasRedis())("Redis adds a job after its caller got an error: no worker runs it", () =>
    onRedis(assertLateAdd),
  );
  test.skipIf(!hasRedis())("Redis accepts a request after its caller got an error: it is not run", () =>
    onRedis(assertLateAcceptance),
  );
});

describe("a store that answers", () => {
  let cluster: PostgresCluster;
  beforeAll(async () => {
    cluster = await startPostgresCluster();
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  test("a caller that cancels before the acceptance starts no run; two simultaneous callers share one run", async () => {
    await using set = await setUp(await cluster.createDatabase());
    await expect(set.trigger.ask(WEEK, "week.csv", AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(await set.kept()).toBeUndefined();
    const both = await Promise.all([set.trigger.ask(WEEK, "week.csv"), set.trigger.ask(WEEK, "week.csv")]);
    expect(both.map(({ alreadyKnown }) => alreadyKnown).sort()).toEqual([false, true]);
    const job = await set.kept();
    if (job) expect(await set.trigger.mayRun(JOB, job, NEVER)).toBe(true);
    expect(job?.request?.accepted).toBe(true);
  });

  test("a caller with another file or decision than the current run is rejected", async () => {
    await using set = await setUp(await cluster.createDatabase());
    const acceptLosses = { reason: "sold", actor: "jane" };
    await set.trigger.ask(WEEK, "week.csv");
    const known = { alreadyKnown: true };
    expect(await set.trigger.ask(WEEK, "week.csv")).toMatchObject(known);
    expect(await set.trigger.ask(WEEK, "")).toMatchObject(known);
    await expect(set.trigger.ask(WEEK, "other.csv")).rejects.toThrow(
      "2026-W47 is queued or running already, with another file",
    );
    await expect(set.trigger.ask(WEEK, "", NEVER, { acceptLosses })).rejects.toThrow("without this accept_losses");
    await (await set.queue.getJob(JOB))?.remove();
    await set.trigger.ask(WEEK, "week.csv", NEVER, { acceptLosses });
    expect(await set.kept()).toMatchObject({ acceptLosses, request: { accepted: true } });
    expect(await set.trigger.ask(WEEK, "", NEVER, { acceptLosses })).toMatchObject(known);
  });

  test("a week of which a new revision was requested is run as that revision", async () => {
    await using set = await setUp(await cluster.createDatabase(), () => {}, 3);
    expect(await set.trigger.ask(WEEK, "week.csv")).toMatchObject({ alreadyKnown: false, newRevision: 3 });
    expect(await set.trigger.ask(WEEK, "week.csv")).toMatchObject({ alreadyKnown: true, newRevision: 0 });
  });

  test("a corrected file under another name replaces a run that waits for its next attempt", async () => {
    await using set = await setUp(await cluster.createDatabase());
    await set.queue.add("run", { kind: "run", week: WEEK, input: "week.csv" }, { jobId: JOB, delay: 3_600_000 });
    expect(await set.trigger.ask(WEEK, "week.csv")).toMatchObject({ alreadyKnown: true });
    expect(await set.trigger.ask(WEEK, "corrected.csv")).toMatchObject({ alreadyKnown: false });
    expect(await set.kept()).toMatchObject({ input: "corrected.csv", request: { accepted: true } });
  });

  test("the scheduler adds a run unless the week has one in the queue, and a job that has ended is replaced", async () => {
    const url = await cluster.createDatabase();
    await using set = await setUp(url);
    const run = { week: WEEK, input: "week.csv", remark: "late" };
    expect(await set.trigger.jobState(WEEK)).toBe("none");
    await set.trigger.begin(run);
    await set.trigger.begin({ ...run, input: "other.csv" });
    expect(await set.kept()).toMatchObject({ input: "week.csv", remark: "late" });
    expect(await set.trigger.jobState(WEEK)).toBe("under way");
    await using queues = await openQueue(url);
    queues.worker<WeeklyJob, null>("weekly", () => Promise.resolve(null));
    await vi.waitFor(async () => expect(await set.trigger.jobState(WEEK)).toBe("ended"), { timeout: 20_000 });
    await queues.close();
    await set.trigger.begin({ ...run, input: "other.csv" });
    expect(await set.kept()).toMatchObject({ input: "other.csv" });
  });

  test("a week that has not begun is not queued, unless it is forced", async () => {
    await using set = await setUp(await cluster.createDatabase());
    await expect(set.trigger.ask("2026-W48", "week.csv")).rejects.toThrow("2026-W48 has not begun");
    expect(await set.queue.getJob("weekly-2026-W48")).toBeUndefined();
    const forceFuture = { reason: "rehearsal", actor: "jane" };
    expect(await set.trigger.ask("2026-W48", "week.csv", NEVER, { forceFuture })).toMatchObject({
      alreadyKnown: false,
    });
  });

  test("a job of an earlier release, without a request, may run", async () => {
    await using set = await setUp(await cluster.createDatabase());
    expect(await set.trigger.mayRun(JOB, { kind: "run", week: WEEK, input: "week.csv" }, NEVER)).toBe(true);
  });
});
