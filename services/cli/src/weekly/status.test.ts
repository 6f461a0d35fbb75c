import {
  type BatchRun,
  BatchRunSchema,
  CheckKind,
  CheckOutcome,
  RunState,
} from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { ScheduleSchema } from "@bellwether/gen/bellwether/schedule/v1/schedule_service_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { weeklyStatus } from "./status.ts";

const run = (isoWeek: string, state: RunState, fields: MessageInitShape<typeof BatchRunSchema> = {}): BatchRun =>
  create(BatchRunSchema, { isoWeek, state, modelName: "supplier-risk", runId: 1, ...fields });
const time = (text: string) => timestampFromDate(new Date(text));
const FIELDS = { scheduleId: "weekly", cron: "0 6 * * 1", timeZone: "UTC", nextRunAt: time("2026-11-30T06:00:00Z") };
const SCHEDULE = create(ScheduleSchema, FIELDS);

test("the status has the last complete week, the next run, and each open week with what to do", () => {
  const checks = [{ kind: CheckKind.UNIT, outcome: CheckOutcome.FAILED, column: "spend", detail: "median × 100" }];
  const waiting = [
    { isoWeek: "2026-W48", deadlineAt: time("2026-11-24T06:00:00Z"), reason: "week.csv does not exist" },
  ];
  const { lines, json } = weeklyStatus(
    [
      run("2026-W47", RunState.HELD, { checks }),
      run("2026-W46", RunState.COMPLETE, { rowsScored: 3_002n, alertsRaised: 1 }),
      run("2026-W45", RunState.FAILED, { failure: "no row" }),
      run("2026-W44", RunState.MISSED, { missedReason: "w44.csv does not exist" }),
    ],
    create(ScheduleSchema, { ...FIELDS, waiting }),
  );
  expect(lines).toEqual([
    "last complete week: 2026-W46, 3002 suppliers, 1 alert raised",
    'next run: 2026-11-30T06:00:00.000Z (2026-W49); schedule "0 6 * * 1" in UTC',
    "2026-W48 waits: week.csv does not exist; missed after 2026-11-24T06:00:00.000Z",
    expect.stringMatching(
      /^2026-W47 is held: spend: median × 100\n {2}publish it: npx bellwether weekly approve --week 2026-W47 /,
    ),
    expect.stringMatching(
      /^2026-W45 is failed: no row\n {2}correct the file or the cause, then: npx bellwether weekly trigger /,
    ),
    expect.stringMatching(
      /^2026-W44 is missed: w44\.csv does not exist\n {2}when the file is there: npx bellwether weekly /,
    ),
  ]);
  expect(json).toMatchObject({
    ...{
      last_complete_week: "2026-W46",
      schedule: { paused: false, next_run: "2026-11-30T06:00:00.000Z", next_week: "2026-W49" },
    },
    waiting: [{ iso_week: "2026-W48", missed_after: "2026-11-24T06:00:00.000Z" }],
    open: [{ iso_week: "2026-W47", state: "held" }, { state: "failed" }, { state: "missed" }],
  });
});

test("a long reason is cut with an ellipsis in the text, and whole in JSON", () => {
  const failure = "no row of the file could be read. ".repeat(60).trim();
  const { lines, json } = weeklyStatus([run("2026-W45", RunState.FAILED, { failure })], create(ScheduleSchema, FIELDS));
  expect(lines[2]).toMatch(/^2026-W45 is failed: no row.{380,410}…\n/);
  expect(json).toMatchObject({ open: [{ reason: failure }] });
});

test("a week that failed by an error of the mapping needs another mapping, not another file", () => {
  const failure = "mapping, weekly.rows (feature_mapping.yaml line 67): Conversion Error";
  const { lines } = weeklyStatus([run("2026-W45", RunState.FAILED, { failure })], SCHEDULE);
  expect(lines[2]).toContain("\n  correct the mapping, then: npx bellwether weekly trigger ");
});

test.each([RunState.HELD, RunState.VOIDED, RunState.FAILED])(
  "a complete week stays the last one while its newer revision is in the state %i",
  (state) => {
    const runs = [
      run("2026-W47", state, { revision: 2 }),
      run("2026-W47", RunState.COMPLETE, { revision: 1, rowsScored: 7n }),
      run("2026-W46", RunState.COMPLETE),
    ];
    const { lines, json } = weeklyStatus(runs, create(ScheduleSchema, FIELDS));
    expect(lines[0]).toBe("last complete week: 2026-W47, 7 suppliers, 0 alerts raised");
    expect(json).toMatchObject({ last_complete_week: "2026-W47" });
  },
);

test("of a week the newest revision counts, and voided and superseded weeks need nobody", () => {
  const { lines } = weeklyStatus(
    [
      run("2026-W47", RunState.COMPLETE, { revision: 2 }),
      run("2026-W47", RunState.SUPERSEDED, { revision: 1 }),
      run("2026-W46", RunState.VOIDED),
      run("2026-W45", RunState.RUNNING, { rowsRead: 10n, rowsScored: 4n }),
    ],
    SCHEDULE,
  );
  expect(lines[0]).toMatch(/^last complete week: 2026-W47/);
  expect(lines.slice(2)).toEqual(["2026-W45 is running: 4 of 10 rows scored", "no week needs a decision"]);
});

test("a withdrawn week is shown with how to run it again, until a later week is complete", () => {
  const withdrawn = run("2026-W47", RunState.VOIDED, { voided: { actor: "jane", reason: "wrong file" } });
  const { lines, json } = weeklyStatus([withdrawn, run("2026-W46", RunState.COMPLETE)], SCHEDULE);
  expect(lines.slice(2)).toEqual([
    "2026-W47 is withdrawn by jane: wrong file\n" +
      "  to run the week again, as a new revision: npx bellwether weekly trigger --week 2026-W47 --input FILE (FILE below WEEKLY_INPUT_FOLDER), or npx bellwether weekly run --week 2026-W47 --input FILE (with --config and --mapping as before, if they were given)",
  ]);
  expect(json).toMatchObject({ withdrawn: [{ iso_week: "2026-W47", state: "voided" }] });
  expect(weeklyStatus([withdrawn], SCHEDULE).lines.join("\n")).toContain("2026-W47 is withdrawn by jane");
  const later = [run("2026-W48", RunState.COMPLETE), withdrawn];
  expect(weeklyStatus(later, SCHEDULE).lines.at(-1)).toBe("no week needs a decision");
  const ofOther = [run("2026-W48", RunState.COMPLETE, { modelName: "other" }), withdrawn];
  expect(weeklyStatus(ofOther, SCHEDULE).lines.at(-1)).toContain("2026-W47 of supplier-risk is withdrawn");
});

test("a week that was corrected after a later week was complete is shown, until the later week is run again", () => {
  const corrected = run("2026-W47", RunState.COMPLETE, { revision: 2, runId: 3, overtakenBy: "2026-W48" });
  const later = run("2026-W48", RunState.COMPLETE, { runId: 2 });
  const { lines, json } = weeklyStatus([corrected, later], SCHEDULE);
  expect(lines.slice(2)).toEqual([
    "revision 2 of 2026-W47: the rules were not evaluated with it, because 2026-W48 was complete before\n" +
      "  for alerts with it: npx bellwether weekly supersede --week 2026-W48 --reason TEXT; then npx bellwether weekly trigger --week 2026-W48 --input FILE (FILE below WEEKLY_INPUT_FOLDER), or npx bellwether weekly run --week 2026-W48 --input FILE (with --config and --mapping as before, if they were given)",
  ]);
  expect(json).toMatchObject({ overtaken: [{ iso_week: "2026-W47", overtaken_by: "2026-W48" }] });
  const again = run("2026-W48", RunState.COMPLETE, { revision: 2, runId: 4 });
  const first = run("2026-W47", RunState.COMPLETE, { runId: 3, overtakenBy: "2026-W48" });
  for (const runs of [
    [again, corrected, later],
    [first, later],
  ])
    expect(weeklyStatus(runs, SCHEDULE).lines.at(-1)).toBe("no week needs a decision");
});

test("the objects that a week was scored from are shown with their entity tags", () => {
  const inputObjects = ["a", "b", "c", "d", "e"].map((name) => ({
    ...{ url: `s3://lake/${name}.csv`, etag: `"${name}${name}"`, bytes: 12n },
  }));
  const [complete, held] = [inputObjects.slice(0, 1), inputObjects];
  const { lines, json } = weeklyStatus(
    [
      run("2026-W47", RunState.HELD, { inputObjects: held }),
      run("2026-W46", RunState.COMPLETE, { inputObjects: complete }),
    ],
    SCHEDULE,
  );
  expect(lines[0]).toMatch(/, 0 alerts raised; from s3:\/\/lake\/a\.csv \(entity tag "aa"\)$/);
  expect(lines[2]).toMatch(/^2026-W47 is held; from s3:.*c\.csv \(entity tag "cc"\), and 2 more objects\n/);
  expect(json).toMatchObject({
    last_complete: { input_objects: [{ url: "s3://lake/a.csv", etag: '"aa"', bytes: 12 }] },
    open: [{ input_objects: { length: 5 } }],
  });
});

test("a scheduler that does not answer, and a paused schedule, are said", () => {
  const away = weeklyStatus([], new Error("scheduler-service does not answer at http://localhost:9082"));
  expect(away.lines).toEqual([
    "last complete week: none",
    "next run: not known: scheduler-service does not answer at http://localhost:9082",
    "no week needs a decision",
  ]);
  expect(away.json).toMatchObject({ schedule: null, schedule_error: expect.stringContaining("does not answer") });
  const paused = weeklyStatus([], create(ScheduleSchema, { ...FIELDS, paused: true }));
  expect(paused.lines[1]).toMatch(/^next run: none, the schedule is paused \(npx bellwether weekly resume\)/);
});

test("with several models, each week names its model, and an approved run waits for the scheduler", () => {
  const approved = { reason: "sold", actor: "jane" };
  const { lines } = weeklyStatus(
    [run("2026-W47", RunState.HELD, { approved }), run("2026-W47", RunState.COMPLETE, { modelName: "other" })],
    SCHEDULE,
  );
  expect(lines[0]).toMatch(/^last complete week: 2026-W47 of other/);
  expect(lines.at(-1)).toMatch(
    /^2026-W47 of supplier-risk is held, and jane has approved it\n {2}the scheduler continues it within a minute/,
  );
});

test("a week that has ended or is run does not wait, and a week that waits for a decision is shown once", () => {
  const approved = { reason: "sold", actor: "jane" };
  const waiting = ["2026-W48", "2026-W47", "2026-W46", "2026-W45", "2026-W44"].map((isoWeek) => ({
    ...{ isoWeek, reason: "its run is in the queue" },
  }));
  const { lines, json } = weeklyStatus(
    [
      run("2026-W47", RunState.HELD, { approved }),
      run("2026-W46", RunState.COMPLETE),
      run("2026-W45", RunState.RUNNING, { rowsRead: 10n, rowsScored: 4n }),
      run("2026-W44", RunState.FAILED, { failure: "no row" }),
    ],
    create(ScheduleSchema, { ...FIELDS, waiting }),
  );
  expect(lines.slice(2)).toEqual([
    "2026-W45 is running: 4 of 10 rows scored",
    "2026-W48 waits: its run is in the queue",
    "2026-W47 is held, and jane has approved it\n  the scheduler: its run is in the queue",
    "2026-W44 is failed: no row\n  the scheduler: its run is in the queue",
  ]);
  expect(json).toMatchObject({
    waiting: [{ iso_week: "2026-W48" }, { iso_week: "2026-W47" }, { iso_week: "2026-W44" }],
  });
});

test("commands in the text have the options of this one, in quotes where a shell needs them", () => {
  const given = { ops: "http://risk:9080", scheduler: "http://risk:9082", config: "my files/model.yaml" };
  const { lines } = weeklyStatus([run("2026-W47", RunState.HELD), run("2026-W46", RunState.MISSED)], SCHEDULE, given);
  const all = lines.join("\n");
  expect(all).toContain("npx bellwether weekly approve --week 2026-W47 --reason TEXT --ops http://risk:9080;");
  expect(all).toContain("npx bellwether weekly trigger --week 2026-W46 --input FILE --scheduler http://risk:9082 (");
  expect(all).toContain(
    "weekly run --week 2026-W46 --input FILE --config 'my files/model.yaml' --ops http://risk:9080",
  );
});

test("reasons are one line each, whatever an earlier release stored", () => {
  const { lines } = weeklyStatus([run("2026-W44", RunState.MISSED, { missedReason: "a\r\nb\u001b[2J" })], SCHEDULE);
  expect(lines.find((line) => line.startsWith("2026-W44"))).toMatch(/^2026-W44 is missed: a b \[2J\n {2}when/);
});

test("with several models, the last complete week of each is shown", () => {
  const { lines, json } = weeklyStatus(
    [
      run("2026-W48", RunState.COMPLETE, { modelName: "terms", rowsScored: 3n }),
      run("2026-W47", RunState.COMPLETE, { rowsScored: 2n }),
      run("2026-W46", RunState.COMPLETE, { modelName: "terms" }),
    ],
    SCHEDULE,
  );
  expect(lines.slice(0, 3)).toEqual([
    "last complete week: 2026-W47 of supplier-risk, 2 suppliers, 0 alerts raised",
    "last complete week: 2026-W48 of terms, 3 suppliers, 0 alerts raised",
    expect.stringMatching(/^next run/),
  ]);
  expect(json).toMatchObject({
    last_complete_week: "2026-W48",
    last_complete_of_models: [{ model: "supplier-risk" }, { model: "terms", iso_week: "2026-W48" }],
  });
});

test("a week whose new revision was asked for is shown with who, why and what to do, until the revision has begun", () => {
  const complete = run("2026-W47", RunState.COMPLETE, {
    supersedeRequested: { actor: "jane", reason: "amounts were in cents" },
  });
  const { lines, json } = weeklyStatus([complete], SCHEDULE);
  expect(lines.slice(2)).toEqual([
    "2026-W47: jane has asked for a new revision: amounts were in cents; the complete run is shown until then\n" +
      "  the next run of the week is a new revision: npx bellwether weekly trigger --week 2026-W47 --input FILE (FILE below WEEKLY_INPUT_FOLDER), or npx bellwether weekly run --week 2026-W47 --input FILE (with --config and --mapping as before, if they were given)",
  ]);
  expect(json).toMatchObject({
    supersede_requested: [{ iso_week: "2026-W47", supersede_requested: { by: "jane" } }],
    open: [],
  });
  const begun = weeklyStatus([run("2026-W47", RunState.RUNNING, { revision: 2 }), complete], SCHEDULE);
  expect(begun.lines.join("\n")).not.toContain("has asked");
});

test("the commands for a week of another model name the model, and say what to do without a folder of it", () => {
  const { lines } = weeklyStatus([run("2026-W46", RunState.MISSED)], SCHEDULE, { model: "terms" });
  expect(lines.join("\n")).toContain(
    "npx bellwether weekly trigger --week 2026-W46 --input FILE --model terms (FILE below WEEKLY_INPUT_FOLDER), or npx bellwether weekly run --week 2026-W46 --input FILE --model terms (with --config and --mapping in place of --model, if the model has no folder below config/models)",
  );
});

test("with a schedule for each model, the next runs and the waiting weeks have the name of the model", () => {
  const waiting = [{ isoWeek: "2026-W47", reason: "late.csv does not exist" }];
  const { lines, json } = weeklyStatus(
    [
      run("2026-W47", RunState.COMPLETE, { rowsScored: 1n }),
      run("2026-W46", RunState.FAILED, { modelName: "delivery", failure: "no row" }),
    ],
    create(ScheduleSchema, { ...FIELDS, modelName: "supplier-risk" }),
    {},
    [create(ScheduleSchema, { ...FIELDS, modelName: "delivery", paused: true, waiting })],
  );
  const text = lines.join("\n");
  expect(text).toContain("supplier-risk: next run: 2026-11-30T06:00:00.000Z (2026-W49)");
  expect(text).toContain(
    "delivery: next run: none, the schedule is paused (npx bellwether weekly resume --model delivery)",
  );
  // The week is complete for the other model.
  expect(text).toContain("2026-W47 of delivery waits: late.csv does not exist");
  expect(json).toMatchObject({
    schedule: { model: "supplier-risk" },
    schedules: [{ model: "supplier-risk" }, { model: "delivery", paused: true }],
    waiting: [{ iso_week: "2026-W47", model: "delivery" }],
  });
});

test("a run of a model that the scheduler does not have is not said to be running", () => {
  const runs = [run("2026-W45", RunState.RUNNING, { modelName: "delivery", rowsScored: 4n, rowsRead: 10n })];
  const lineOf = (schedule: Parameters<typeof weeklyStatus>[1]) => weeklyStatus(runs, schedule).lines[2];
  expect(lineOf(create(ScheduleSchema, { ...FIELDS, modelName: "supplier-risk" }))).toBe(
    "2026-W45 has not ended: 4 of 10 rows scored; scheduler-service has no model delivery, so it does not continue the run",
  );
  const running = "2026-W45 is running: 4 of 10 rows scored";
  expect(lineOf(create(ScheduleSchema, { ...FIELDS, modelName: "delivery" }))).toBe(running);
  // An earlier scheduler does not name its model, and one that does not answer names none.
  expect(lineOf(create(ScheduleSchema, FIELDS))).toBe(running);
  expect(lineOf(new Error("no answer"))).toBe(running);
});
