import { once } from "node:events";
import { isoWeekAt } from "@bellwether/contract/iso-week";
import { openQueue } from "@bellwether/queue/open-queue";
import { createLogger } from "@bellwether/telemetry/logger";
import { startPostgresCluster } from "@bellwether/testing/postgres-cluster";
import { expect, test, vi } from "vitest";
import type { WeekRecord } from "../domain/catch-up.ts";
import { WEEKLY_SCHEDULE } from "../domain/queue-names.ts";
import { PeerRejectedError, PeerUnavailableError } from "../domain/scheduler-error.ts";
import { startWeeklyJobs } from "./weekly-jobs.ts";

/** Returns a cron pattern in UTC that matches one second per year. */
function onceAYear(moment: Date): string {
  const [month, day] = [moment.getUTCMonth() + 1, moment.getUTCDate()];
  return `${moment.getUTCSeconds()} ${moment.getUTCMinutes()} ${moment.getUTCHours()} ${day} ${month} *`;
}

/** A ledger without runs, and an input that is whole in the second look. */
const EMPTY = {
  ledger: {
    completion: () => Promise.resolve({ isComplete: false, newRevision: 0 }),
    configHash: "c",
    digestOf: () => Promise.resolve("d"),
    inputOfRun: () => Promise.resolve(null),
    weeks: {
      listRecent: () => Promise.resolve([]),
      findWeek: () => Promise.resolve(null),
      recordMissed: () => Promise.resolve(""),
    },
  },
  input: {
    input: "week.csv",
    findInput: (input: string) => Promise.resolve(input),
    lookAtInput: (file: string) =>
      Promise.resolve({ found: true, file, fingerprint: "f", changedMs: null, marked: null } as const),
    inputCheckMs: 50,
  },
  pauseFile: { read: () => Promise.resolve(null), write: () => Promise.resolve() },
};

test("a run that was due while no process ran is started at the next start", async () => {
  await using cluster = await startPostgresCluster();
  const url = await cluster.createDatabase();
  const due = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000);
  const weeks: string[] = [];
  const start = async (queues: Awaited<ReturnType<typeof openQueue>>) =>
    startWeeklyJobs({
      queues,
      runner: {
        ...EMPTY.ledger,
        run: (week) => {
          weeks.push(week);
          return Promise.reject(new Error("seen"));
        },
      },
      cron: onceAYear(due),
      timeZone: "UTC",
      ...EMPTY.input,
      pauseFile: EMPTY.pauseFile,
      logger: createLogger({ name: "scheduler", level: "silent" }),
    });
  {
    await using queues = await openQueue(url);
    const jobs = await start(queues);
    expect((await jobs.schedule()).nextRunMs).toBe(due.getTime());
    await jobs.stop();
  }
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(due.getTime()), { timeout: 5_000 });
  expect(weeks).toEqual([]);
  await using queues = await openQueue(url);
  const jobs = await start(queues);
  await vi.waitFor(() => expect(weeks[0]).toBe(isoWeekAt(due, "UTC")), { timeout: 20_000 });
  await jobs.stop();
}, 60_000);

test("a stop during a run logs one info line without a stack trace", async () => {
  await using cluster = await startPostgresCluster();
  const lines: string[] = [];
  const begun = Promise.withResolvers<void>();
  {
    await using queues = await openQueue(await cluster.createDatabase());
    const jobs = await startWeeklyJobs({
      queues,
      runner: {
        ...EMPTY.ledger,
        run: async (_week, _input, signal) => {
          begun.resolve();
          await once(signal, "abort");
          throw signal.reason;
        },
      },
      cron: "0 6 * * 1",
      timeZone: "UTC",
      ...EMPTY.input,
      pauseFile: EMPTY.pauseFile,
      logger: createLogger({ name: "scheduler", destination: { write: (line) => void lines.push(line) } }),
      now: () => new Date("2026-11-23T06:30:00Z"),
    });
    await jobs.trigger("2026-W47", "week.csv");
    await begun.promise;
    await jobs.stop();
    await vi.waitFor(() => expect(lines.join("")).toContain("weekly"), { timeout: 20_000 });
  }
  const reported = lines.map((line) => JSON.parse(line)).filter(({ msg }) => String(msg).startsWith("weekly"));
  expect(reported).toMatchObject([
    { level: "info", msg: "weekly run stopped with the scheduler; it continues after the restart" },
  ]);
  expect(lines.join("")).not.toContain("stack");
});

test("the call that a service rejected is logged with its reason, unless the reason may quote a row", async () => {
  await using cluster = await startPostgresCluster();
  await using queues = await openQueue(await cluster.createDatabase());
  const lines: string[] = [];
  const errors = [
    new PeerRejectedError("ops-service", "run 5 is held: jane has approved it with another file"),
    new PeerRejectedError("ml-service", 'features[3]: "Hidden Ltd" is not a number', { quotesRows: true }),
  ];
  const jobs = await startWeeklyJobs({
    queues,
    runner: { ...EMPTY.ledger, run: () => Promise.reject(errors.shift() ?? new Error("no more")) },
    cron: "0 6 * * 1",
    timeZone: "UTC",
    ...EMPTY.input,
    pauseFile: EMPTY.pauseFile,
    logger: createLogger({ name: "scheduler", destination: { write: (line) => void lines.push(line) } }),
    now: () => new Date("2026-11-23T06:30:00Z"),
  });
  const failures: string[] = [];
  for (const week of ["2026-W46", "2026-W47"]) {
    const { jobId } = await jobs.trigger(week, "week.csv");
    await vi.waitFor(async () => expect((await jobs.jobStatus(jobId))?.state).toBe("failed"), { timeout: 20_000 });
    failures.push((await jobs.jobStatus(jobId))?.failure ?? "");
  }
  await jobs.stop();
  expect(failures).toEqual([
    "ops-service rejects the call: run 5 is held: jane has approved it with another file",
    'ml-service rejects the call: features[3]: "Hidden Ltd" is not a number',
  ]);
  const logged = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "weekly job failed");
  expect(logged).toMatchObject([
    { failure: "PeerRejectedError", reason: failures[0] },
    { failure: "PeerRejectedError", job: "weekly-2026-W47" },
  ]);
  expect(lines.join("")).not.toContain("Hidden Ltd");
}, 60_000);

test.each([
  ["was voided", { runId: 5, state: "voided" }, 1],
  ["was replaced by another run", { runId: 6, state: "held" }, 1],
  ["is still the one of its week", { runId: 5, state: "failed" }, 2],
] as const)(
  "another attempt is made only for the run that the job began: it %s",
  async (_what, now, attempts) => {
    await using cluster = await startPostgresCluster();
    await using queues = await openQueue(await cluster.createDatabase());
    const record: WeekRecord = {
      ...{ week: "2026-W47", sourceDigest: "b", configHash: "c", approved: true, progress: "" },
      ...now,
    };
    let made = 0;
    const jobs = await startWeeklyJobs({
      queues,
      runner: {
        ...EMPTY.ledger,
        weeks: { ...EMPTY.ledger.weeks, findWeek: () => Promise.resolve(record) },
        run: (_week, _input, _signal, onProgress) => {
          onProgress({ runId: 5, stage: "score", rowsRead: 1, rowsScored: 0, rowsRejected: 0 });
          made++;
          return Promise.reject(made === 1 ? new PeerUnavailableError("ml-service", "UNAVAILABLE") : new Error("seen"));
        },
      },
      cron: "0 6 * * 1",
      timeZone: "UTC",
      ...EMPTY.input,
      pauseFile: EMPTY.pauseFile,
      logger: createLogger({ name: "scheduler", level: "silent" }),
      now: () => new Date("2026-11-23T06:30:00Z"),
    });
    const { jobId } = await jobs.trigger("2026-W47", "week.csv");
    const job = () => queues.queue(WEEKLY_SCHEDULE).getJob(jobId);
    await vi.waitFor(async () => expect(await (await job())?.getState()).toBe("delayed"), { timeout: 20_000 });
    await (await job())?.promote();
    await vi.waitFor(async () => expect(await (await job())?.getState()).toBe("failed"), { timeout: 20_000 });
    expect(made).toBe(attempts);
    await jobs.stop();
  },
  60_000,
);
