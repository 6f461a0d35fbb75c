import { type BatchRun, BatchRunSchema, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { approvedLine, requestedLine, withdrawnLines } from "./decision-commands.ts";

const run = (state: RunState, fields: MessageInitShape<typeof BatchRunSchema> = {}): BatchRun =>
  create(BatchRunSchema, { isoWeek: "2026-W47", state, modelName: "m", revision: 2, ...fields });
const lines = (before: BatchRun) => withdrawnLines(before, run(RunState.VOIDED), "2026-W46", false, {});
const FIRST = "revision 2 of 2026-W47 of m is withdrawn; latest complete week now: 2026-W46";

const AGAIN =
  "to run the week again, as a new revision: npx bellwether weekly trigger --week 2026-W47 --input FILE (FILE below WEEKLY_INPUT_FOLDER), or npx bellwether weekly run --week 2026-W47 --input FILE (with --config and --mapping as before, if they were given)";

test("a withdrawal names the revision, and says when a request for a new revision ends with it", () => {
  expect(lines(run(RunState.COMPLETE, { supersedesRunId: 1 }))).toEqual([FIRST, AGAIN]);
  for (const state of [RunState.HELD, RunState.FAILED, RunState.RUNNING])
    expect(lines(run(state, { supersedesRunId: 1 }))).toEqual([
      FIRST,
      "the request for a new revision ends with it; the revision that it was to replace is shown, and a new request is npx bellwether weekly supersede --week 2026-W47 --reason TEXT --model m",
    ]);
  const asked = { supersedeRequested: { actor: "jane", reason: "cents" } };
  expect(lines(run(RunState.COMPLETE, asked))).toEqual([FIRST, "the request for a new revision ends with it", AGAIN]);
});

test("a repeated decision names the first one, which counts, also when this command saw the run before it", () => {
  const before = run(RunState.COMPLETE, { supersedesRunId: 1 });
  const voided = run(RunState.VOIDED, { supersedesRunId: 1, voided: { actor: "jane", reason: "wrong file" } });
  expect(withdrawnLines(before, voided, "2026-W46", true, {})).toEqual([
    "revision 2 of 2026-W47 of m was withdrawn already (by jane: wrong file): nothing was changed; latest complete week now: 2026-W46",
  ]);
  expect(withdrawnLines(before, run(RunState.VOIDED), "", true, {})[0]).toContain(
    "of m was withdrawn already: nothing was changed",
  );
  const approved = run(RunState.HELD, { approved: { actor: "jane", reason: "prices rose" } });
  expect(approvedLine(approved, {}, true)).toMatch(
    /^2026-W47 of m was approved already \(jane approved it: prices rose\); nothing was changed; the scheduler continues it/,
  );
  expect(approvedLine(approved, {}, false)).toMatch(/^2026-W47 of m is approved; the scheduler continues it within/);
  const asked = run(RunState.COMPLETE, { supersedeRequested: { actor: "jane", reason: "cents" } });
  expect(requestedLine(asked, {}, false)).toMatch(/^the next run of 2026-W47 of m is a new revision: /);
  expect(requestedLine(asked, {}, true)).toMatch(
    /^jane has asked for a new revision: cents; nothing was changed; the next run of 2026-W47 of m is a new revision: /,
  );
});
