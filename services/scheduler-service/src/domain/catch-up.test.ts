import { expect, test } from "vitest";
import { type CatchUpDeps, createCatchUp, type JobState, type StartedWeek, type WeekRecord } from "./catch-up.ts";
import type { SeenInput } from "./seen-input.ts";
import { dueTicks } from "./weekly-ticks.ts";

const at = (text: string): number => Date.parse(text);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One minute after the tick of 2026-W48. */
const TICK = at("2026-11-23T06:01:00Z");

interface Machine {
  readonly files: Map<string, string>;
  readonly ledger: Map<string, WeekRecord>;
  readonly jobs: Map<string, JobState>;
  readonly started: StartedWeek[];
  readonly missed: (readonly [week: string, reason: string])[];
  readonly pass: ReturnType<typeof createCatchUp>;
  /** Sets the record of a week in the ledger. */
  record(week: string, state: WeekRecord["state"], changes?: Partial<WeekRecord>): void;
}

/** A scheduler whose ledger, queue and files are maps. The content of a file is its digest and its fingerprint. */
function machine(
  input: string,
  { sinceMs = 0, ...changes }: Partial<CatchUpDeps> & { sinceMs?: number } = {},
): Machine {
  const [files, ledger, jobs] = [new Map<string, string>(), new Map<string, WeekRecord>(), new Map<string, JobState>()];
  const started: StartedWeek[] = [];
  const missed: (readonly [string, string])[] = [];
  const record: Machine["record"] = (week, state, more = {}) => {
    const rest = { runId: 1, sourceDigest: "", configHash: "config", approved: false, progress: "" };
    ledger.set(week, { week, state, ...rest, ...more });
  };
  const look = async (file: string): Promise<SeenInput> => {
    const content = files.get(file);
    if (content === undefined) return { found: false, reason: `${file} does not exist`, isAway: false };
    return { found: true, file, fingerprint: content, changedMs: null, marked: null };
  };
  const pass = createCatchUp({
    ...{ input, configHash: "config", deadlineMs: DAY_MS, look },
    dueTicks: async (nowMs) =>
      dueTicks({ cron: "0 6 * * 1", timeZone: "UTC", nowMs, sinceMs, lookBackMs: 28 * DAY_MS, pauses: [] }),
    oldestWeek: () => "2026-W44",
    listRecent: async () => [...ledger.values()],
    findWeek: async (week) => ledger.get(week) ?? null,
    jobState: async (week) => jobs.get(week) ?? "none",
    digestOf: async (file) => files.get(file) ?? "",
    inputOfRun: async () => null,
    start: async (run) => {
      started.push(run);
      jobs.set(run.week, "under way");
    },
    recordMissed: async (week, reason) => {
      missed.push([week, reason]);
      record(week, "missed");
      return "";
    },
    ...changes,
  });
  return { files, ledger, jobs, started, missed, pass, record };
}

/** Ends the job of a week, complete in the ledger. */
function complete({ jobs, record }: Machine, week: string, sourceDigest = week): void {
  jobs.set(week, "ended");
  record(week, "complete", { sourceDigest });
}

test("missed weeks are run oldest first, one after the other, each with its own file", async () => {
  const one = machine("{week}.csv");
  for (const week of ["2026-W45", "2026-W46", "2026-W47", "2026-W48"]) one.files.set(`${week}.csv`, week);
  const order: string[] = [];
  for (let i = 0; i < 20 && order.length < 4; i++) {
    await one.pass(TICK + i);
    const running = one.started.at(-1);
    expect([...one.jobs.values()].filter((state) => state === "under way").length).toBeLessThan(2);
    if (running === undefined || order.includes(running.week)) continue;
    order.push(running.week);
    expect(running.input).toBe(`${running.week}.csv`);
    // A second pass while the week is run starts no other one.
    await one.pass(TICK + i);
    expect(one.started.at(-1)).toBe(running);
    complete(one, running.week);
  }
  expect(order).toEqual(["2026-W45", "2026-W46", "2026-W47", "2026-W48"]);
  expect(one.missed).toEqual([]);
  expect(one.started[0]?.remark).toBe("scheduled for 2026-11-02T06:00:00.000Z, begun 21 days later");
  expect(one.started[3]?.remark).toBe("");
  expect(await one.pass(TICK + DAY_MS)).toMatchObject({ lastComplete: "2026-W48", waiting: [] });
});

test("a week without a file is missed after its deadline, and the others are run", async () => {
  const one = machine("{date}.csv", { sinceMs: at("2026-11-10T00:00:00Z") });
  one.files.set("2026-11-23.csv", "a");
  expect(await one.pass(TICK)).toMatchObject({ missed: ["2026-W47"] });
  await one.pass(TICK);
  expect(one.missed).toEqual([["2026-W47", "2026-11-16.csv does not exist; waited 24 h for it"]]);
  expect(one.started.map(({ week }) => week)).toEqual(["2026-W48"]);
});

test("a week of a model that does not exist is not missed: it waits, with the reason", async () => {
  const one = machine("{week}.csv", {
    sinceMs: at("2026-11-10T00:00:00Z"),
    recordMissed: async () => 'the model "x" has no run',
  });
  const late = await one.pass(TICK);
  expect(late.missed).toEqual([]);
  expect(late.waiting).toMatchObject([
    {
      week: "2026-W47",
      deadlineMs: null,
      reason: expect.stringMatching(/does not exist; waited 24 h for it; the model "x"/),
    },
  ]);
});

test("without a placeholder the newest missed week uses the file, and the older ones are missed", async () => {
  const one = machine("week.csv", { sinceMs: at("2026-11-08T00:00:00Z") });
  one.files.set("week.csv", "a");
  for (let i = 0; i < 2; i++) await one.pass(at("2026-11-26T00:00:00Z"));
  expect(one.missed.map(([week]) => week)).toEqual(["2026-W46", "2026-W47"]);
  expect(one.missed[0]?.[1]).toBe(
    "week.csv is used for the newest week (2026-W48) only; a name with {week} or {date} (WEEKLY_INPUT) has a file for each week",
  );
  expect(one.started).toEqual([
    { week: "2026-W48", input: "week.csv", remark: "scheduled for 2026-11-23T06:00:00.000Z, begun 2 days later" },
  ]);
});

test("a file that is not there is waited for until the deadline", async () => {
  const one = machine("week.csv", { sinceMs: TICK - HOUR_MS });
  const deadline = at("2026-11-24T06:00:00Z");
  expect((await one.pass(TICK)).waiting).toEqual([
    { week: "2026-W48", scheduledMs: TICK - 60_000, deadlineMs: deadline, reason: "week.csv does not exist" },
  ]);
  await one.pass(deadline);
  expect(one.missed).toEqual([]);
  await one.pass(deadline + 1);
  expect(one.missed).toEqual([["2026-W48", "week.csv does not exist; waited 24 h for it"]]);
  one.files.set("week.csv", "a");
  await one.pass(deadline + 2);
  expect((await one.pass(deadline + 3)).waiting).toEqual([]);
  expect(one.started).toEqual([]);
});

test("a file that is still written is not used until two looks in a row find the same", async () => {
  const one = machine("week.csv", { sinceMs: TICK - HOUR_MS });
  for (const content of ["a", "ab", "abc"]) {
    one.files.set("week.csv", content);
    expect((await one.pass(TICK)).waiting[0]?.reason).toMatch(
      /; it is used when two looks find the same size and time$/,
    );
  }
  one.files.delete("week.csv");
  await one.pass(TICK);
  one.files.set("week.csv", "abc");
  await one.pass(TICK);
  expect(one.started).toEqual([]);
  await one.pass(TICK);
  expect(one.started).toHaveLength(1);
});

test("a file that is written all the time is given up ten minutes after the deadline or after it was first seen", async () => {
  const one = machine("week.csv", { sinceMs: TICK - HOUR_MS });
  const late = TICK + 3 * DAY_MS;
  let content = 0;
  const look = async (nowMs: number) => {
    one.files.set("week.csv", String(content++));
    await one.pass(nowMs);
  };
  await look(late);
  await look(late + 600_000);
  expect(one.missed).toEqual([]);
  await look(late + 600_001);
  expect(one.missed[0]?.[1]).toMatch(/^week\.csv has changed since it was last looked at; .*; waited 24 h for it$/);
});

test("an input folder that is not there for a moment is not a missed week", async () => {
  let isAway = true;
  const one = machine("{week}.csv", {
    sinceMs: TICK - HOUR_MS,
    look: async (file) =>
      isAway
        ? { found: false, reason: "the folder is away", isAway }
        : { found: true, file, fingerprint: "a", changedMs: null, marked: null },
  });
  expect((await one.pass(TICK + 3 * DAY_MS)).waiting[0]?.reason).toBe("the folder is away");
  isAway = false;
  for (let i = 0; i < 2; i++) await one.pass(TICK + 3 * DAY_MS + 1);
  expect([one.missed.length, one.started.length]).toEqual([0, 1]);
});

test("the file of the week before is not that of this week", async () => {
  const one = machine("week.csv", { sinceMs: TICK - HOUR_MS });
  one.record("2026-W47", "complete", { sourceDigest: "old" });
  one.files.set("week.csv", "old");
  for (let i = 0; i < 3; i++) await one.pass(TICK);
  expect((await one.pass(TICK)).waiting[0]?.reason).toBe("week.csv still has the content with which 2026-W47 was run");
  one.files.set("week.csv", "new");
  for (let i = 0; i < 2; i++) await one.pass(TICK + HOUR_MS);
  expect(one.started).toHaveLength(1);
  // With a placeholder, the name says to which week the file belongs.
  const other = machine("{week}.csv", { sinceMs: TICK - HOUR_MS });
  other.record("2026-W47", "complete", { sourceDigest: "old" });
  other.files.set("2026-W48.csv", "old");
  for (let i = 0; i < 2; i++) await other.pass(TICK);
  expect(other.started).toHaveLength(1);
});

test("after a failed run, the same file is not run again, and a corrected one is", async () => {
  for (const [input, file] of [
    ["week.csv", "week.csv"],
    ["{week}.csv", "2026-W48.csv"],
  ] as const) {
    const one = machine(input, { sinceMs: TICK - HOUR_MS });
    one.files.set(file, "broken");
    one.record("2026-W48", "failed", { sourceDigest: "broken" });
    for (let i = 0; i < 3; i++) expect((await one.pass(TICK)).failed).toEqual(["2026-W48"]);
    expect(one.started).toEqual([]);
    one.files.set(file, "corrected");
    await one.pass(TICK + HOUR_MS);
    expect(one.started).toEqual([]);
    await one.pass(TICK + HOUR_MS);
    expect(one.started[0]?.remark).toBe(
      "an earlier attempt failed with another content of the input; this run read the corrected one",
    );
    expect(one.missed).toEqual([]);
  }
});

test("the file of the next week does not correct a failed week: after the deadline only a file of its own does", async () => {
  const late = TICK + 2 * DAY_MS;
  const one = machine("week.csv", { sinceMs: TICK - HOUR_MS });
  const other = machine("{week}.csv", { sinceMs: TICK - HOUR_MS });
  for (const { files, record } of [one, other]) {
    files.set("week.csv", "of the next week").set("2026-W48.csv", "corrected");
    record("2026-W48", "failed", { sourceDigest: "broken" });
  }
  for (let i = 0; i < 2; i++) for (const { pass } of [one, other]) await pass(late);
  expect([one.started.length, other.started.length]).toEqual([0, 1]);
  expect([one.missed, other.missed]).toEqual([[], []]);
});

test("a run whose attempts ended with an outage is started again until the deadline", async () => {
  const one = machine("{week}.csv", { sinceMs: TICK - HOUR_MS });
  one.files.set("2026-W48.csv", "a");
  one.record("2026-W48", "failed", { sourceDigest: "a" });
  one.jobs.set("2026-W48", "exhausted");
  for (let i = 0; i < 2; i++) await one.pass(TICK);
  expect(one.started[0]?.remark).toBe("started again after an attempt that failed");
  const late = machine("{week}.csv", { sinceMs: TICK - HOUR_MS });
  late.files.set("2026-W48.csv", "a");
  late.record("2026-W48", "failed", { sourceDigest: "a" });
  late.jobs.set("2026-W48", "exhausted");
  for (let i = 0; i < 2; i++) await late.pass(TICK + 2 * DAY_MS);
  expect(late.started).toEqual([]);
});

test("the ledger decides: a job that has ended hides no week that the ledger does not have", async () => {
  const one = machine("{week}.csv", { sinceMs: TICK - HOUR_MS });
  one.files.set("2026-W48.csv", "a");
  one.jobs.set("2026-W48", "ended");
  for (let i = 0; i < 2; i++) await one.pass(TICK);
  expect(one.started).toHaveLength(1);
});

test("a run that another program has in progress is left alone for ten minutes without progress", async () => {
  const one = machine("{week}.csv", { sinceMs: TICK - HOUR_MS });
  one.record("2026-W48", "running", { progress: "1" });
  await one.pass(TICK);
  one.record("2026-W48", "running", { progress: "2" });
  for (const later of [500_000, 1_099_999])
    expect((await one.pass(TICK + later)).waiting[0]?.reason).toBe("it is run by another program");
  await one.pass(TICK + 1_100_000);
  expect(one.started[0]?.remark).toMatch(/^continued by the scheduler/);
});

test.each(["complete", "held", "missed", "voided", "superseded"] as const)(
  "a week that is %s is left to people",
  async (state) => {
    const one = machine("{week}.csv", { sinceMs: TICK - HOUR_MS });
    one.record("2026-W48", state);
    one.files.set("2026-W48.csv", "a");
    for (let i = 0; i < 2; i++) await one.pass(TICK);
    expect([one.started, one.missed]).toEqual([[], []]);
    expect((await one.pass(TICK)).held).toEqual(state === "held" ? ["2026-W48"] : []);
  },
);

test("an approved run goes on with its snapshot, or with a file of the same content, or says what to do", async () => {
  const kept = machine("{week}.csv", { inputOfRun: async () => "/elsewhere/w30.csv" });
  kept.record("2026-W30", "held", { sourceDigest: "a", approved: true });
  const waits = await kept.pass(TICK);
  expect(waits.waiting[0]).toMatchObject({ week: "2026-W30", reason: "it was approved, and its run is in the queue" });
  expect(kept.started).toEqual([
    { week: "2026-W30", input: "/elsewhere/w30.csv", remark: "continued after its approval", keepsSnapshot: true },
  ]);
  await kept.pass(TICK);
  expect(kept.started).toHaveLength(1);

  const again = machine("{week}.csv", {});
  again.record("2026-W30", "held", { sourceDigest: "a", approved: true });
  again.files.set("2026-W30.csv", "b");
  expect((await again.pass(TICK)).waiting[0]?.reason).toBe(
    "it was approved, but this scheduler does not have the file with which it was run; run it again: bellwether weekly run --week 2026-W30 --input FILE",
  );
  again.files.set("2026-W30.csv", "a");
  await again.pass(TICK);
  expect(again.started.map(({ remark }) => remark)).toEqual([
    "run again after its approval: another program had begun it",
  ]);
});

test("an approved run does not go on with another configuration: its approval would not count, and it would be held again", async () => {
  const one = machine("{week}.csv", { inputOfRun: async () => "/elsewhere/w48.csv" });
  one.record("2026-W48", "held", { sourceDigest: "a", configHash: "another", approved: true });
  expect((await one.pass(TICK)).waiting[0]?.reason).toBe(
    "it was approved, but it was run with another configuration than that of this scheduler; run it again with its files: bellwether weekly run --week 2026-W48 --input FILE --config FILE --mapping FILE",
  );
  expect(one.started).toEqual([]);
});

test("an approved run whose worker is gone goes on with its snapshot, never with the file of the schedule", async () => {
  for (const kept of ["/elsewhere/w48.csv", null]) {
    const one = machine("{week}.csv", { sinceMs: TICK - HOUR_MS, inputOfRun: async () => kept });
    one.files.set("2026-W48.csv", "the withdrawn one");
    one.record("2026-W48", "running", { sourceDigest: "approved", approved: true });
    await one.pass(TICK);
    const { waiting } = await one.pass(TICK + 600_000);
    if (kept === null)
      expect([one.started, waiting[0]?.reason]).toEqual([
        [],
        "its run is in progress in the ledger, but no worker has it, and this scheduler does not have the file with which it was run; run it again: bellwether weekly run --week 2026-W48 --input FILE",
      ]);
    else expect(one.started[0]).toMatchObject({ input: kept, keepsSnapshot: true });
  }
});

test("an approved run goes on after an outage, and is left to people after another failure", async () => {
  for (const [job, starts] of [
    ["exhausted", 1],
    ["ended", 0],
  ] as const) {
    const one = machine("{week}.csv", { sinceMs: TICK - HOUR_MS, inputOfRun: async () => "/elsewhere/w48.csv" });
    one.files.set("2026-W48.csv", "another");
    one.record("2026-W48", "failed", { sourceDigest: "approved", approved: true });
    one.jobs.set("2026-W48", job);
    for (let i = 0; i < 3; i++) await one.pass(TICK + 2 * DAY_MS);
    expect(one.started.map(({ input }) => input)).toEqual(Array(starts).fill("/elsewhere/w48.csv"));
  }
});

test.each(["voided", "superseded", "complete"] as const)(
  "after a person's run failed, a file with the content of a run of the same week that is %s is not run again",
  async (state) => {
    const records: WeekRecord[] = [];
    const one = machine("{week}.csv", { sinceMs: TICK - HOUR_MS, listRecent: async () => records });
    one.record("2026-W48", "failed", { runId: 2, sourceDigest: "corrected, and broken" });
    const [failed] = one.ledger.values();
    if (failed !== undefined) records.push(failed, { ...failed, runId: 1, state, sourceDigest: "withdrawn" });
    one.files.set("2026-W48.csv", "withdrawn");
    for (let i = 0; i < 3; i++) await one.pass(TICK);
    expect((await one.pass(TICK)).waiting[0]?.reason).toBe(
      "2026-W48.csv still has the content of run 1, which was withdrawn or is to be replaced",
    );
    one.files.set("2026-W48.csv", "right");
    for (let i = 0; i < 2; i++) await one.pass(TICK);
    expect(one.started).toHaveLength(1);
  },
);

test("nothing is due before the schedule began, and the first pass of a new installation records nothing", async () => {
  const one = machine("week.csv", { sinceMs: TICK });
  expect(await one.pass(TICK + HOUR_MS)).toEqual({ lastComplete: null, missed: [], held: [], failed: [], waiting: [] });
  expect(one.missed).toEqual([]);
});
