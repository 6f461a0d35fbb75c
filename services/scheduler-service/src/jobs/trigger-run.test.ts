import { openQueue } from "@bellwether/queue/open-queue";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { hasRedis, startRedis } from "@bellwether/testing/redis-server";
import { expect, test, vi } from "vitest";
import { createRunTrigger } from "./trigger-run.ts";
import type { RunJob, WeeklyJob, WeeklyQueue } from "./weekly-queue.ts";

// A frozen store is waited for.
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

async function setUp(url: string, onFind: () => void = () => {}) {
  const queues = await openQueue(url);
  const queue: WeeklyQueue = queues.queue<WeeklyJob, null>("weekly");
  const trigger = createRunTrigger({
    queue,
    timeZone: "UTC",
    isComplete: () => Promise.resolve(false),
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

/** The store freezes when the job is on its way: it is added after its caller was told that it was not. */
async function assertLateAdd({ url, freeze, thaw }: Store): Promise<void> {
  await using first = await setUp(url, freeze);
  await expect(first.trigger.ask(WEEK, "week.csv")).rejects.toThrow(/nothing was started, ask again$/);
  thaw();
  await vi.waitFor(async () => expect(await first.kept()).toMatchObject({ week: WEEK }), { timeout: 20_000 });
  const late = await first.kept();
  // Also for the worker of another process, which knows nothing of the caller.
  await using other = await setUp(url);
  if (late) expect(await other.trigger.mayRun(JOB, late, NEVER)).toBe(false);
}

/** The store freezes when the acceptance is on its way. */
async function assertLateAcceptance({ url, freeze, thaw }: Store): Promise<void> {
  await using set = await setUp(url);
  const look = set.queue.getJob.bind(set.queue);
  const spy = vi.spyOn(set.queue, "getJob").mockImplementation(async (id) => {
    const job = await look(id);
    if (job) freeze();
    return job;
  });
  await expect(set.trigger.ask(WEEK, "week.csv")).rejects.toThrow(/nothing was started, ask again$/);
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

test("Postgres adds a job after its caller was told that it was rejected: no worker runs it", () =>
  onPostgres(assertLateAdd));
test("Postgres accepts a request after its caller was told that it was rejected: it is not run", () =>
  onPostgres(assertLateAcceptance));
test.skipIf(!hasRedis())("Redis adds a job after its caller was told that it was rejected: no worker runs it", () =>
  onRedis(assertLateAdd),
);
test.skipIf(!hasRedis())("Redis accepts a request after its caller was told that it was rejected: it is not run", () =>
  onRedis(assertLateAcceptance),
);

test("a caller who has gone before the acceptance started nothing; two callers at once have one run between them", async () => {
  await using cluster = await startPostgresCluster();
  await using set = await setUp(await cluster.createDatabase());
  await expect(set.trigger.ask(WEEK, "week.csv", AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  expect(await set.kept()).toBeUndefined();
  const both = await Promise.all([set.trigger.ask(WEEK, "week.csv"), set.trigger.ask(WEEK, "week.csv")]);
  expect(both.map(({ alreadyKnown }) => alreadyKnown).sort()).toEqual([false, true]);
  const job = await set.kept();
  if (job) expect(await set.trigger.mayRun(JOB, job, NEVER)).toBe(true);
  expect(job?.request?.accepted).toBe(true);
});

test("a caller who wants another file or decision than the run that is under way is rejected, not told that it is known", async () => {
  await using cluster = await startPostgresCluster();
  await using set = await setUp(await cluster.createDatabase());
  const acceptLosses = { reason: "sold", actor: "jane" };
  await set.trigger.ask(WEEK, "week.csv");
  const known = { alreadyKnown: true };
  expect(await set.trigger.ask(WEEK, "week.csv")).toMatchObject(known);
  expect(await set.trigger.ask(WEEK, "")).toMatchObject(known);
  await expect(set.trigger.ask(WEEK, "other.csv")).rejects.toThrow("2026-W47 waits or runs already, with another file");
  await expect(set.trigger.ask(WEEK, "", NEVER, { acceptLosses })).rejects.toThrow("without this accept_losses");
  await (await set.queue.getJob(JOB))?.remove();
  await set.trigger.ask(WEEK, "week.csv", NEVER, { acceptLosses });
  expect(await set.kept()).toMatchObject({ acceptLosses, request: { accepted: true } });
  expect(await set.trigger.ask(WEEK, "", NEVER, { acceptLosses })).toMatchObject(known);
});

test("a week that has not begun is not put into the queue, unless it is forced", async () => {
  await using cluster = await startPostgresCluster();
  await using set = await setUp(await cluster.createDatabase());
  await expect(set.trigger.ask("2026-W48", "week.csv")).rejects.toThrow("2026-W48 has not begun");
  expect(await set.queue.getJob("weekly-2026-W48")).toBeUndefined();
  const forceFuture = { reason: "rehearsal", actor: "jane" };
  expect(await set.trigger.ask("2026-W48", "week.csv", NEVER, { forceFuture })).toMatchObject({ alreadyKnown: false });
});

test("a job of an earlier version, without a request, may run", async () => {
  await using cluster = await startPostgresCluster();
  await using set = await setUp(await cluster.createDatabase());
  expect(await set.trigger.mayRun(JOB, { kind: "run", week: WEEK, input: "week.csv" }, NEVER)).toBe(true);
});
