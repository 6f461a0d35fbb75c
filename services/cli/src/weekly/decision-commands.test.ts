import { type BatchRun, BatchRunSchema, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { withdrawnLines } from "./decision-commands.ts";

const run = (state: RunState, fields: MessageInitShape<typeof BatchRunSchema> = {}): BatchRun =>
  create(BatchRunSchema, { isoWeek: "2026-W47", state, modelName: "m", revision: 2, ...fields });
const lines = (before: BatchRun) => withdrawnLines(before, run(RunState.VOIDED), "2026-W46");
const FIRST = "revision 2 of 2026-W47 of m is withdrawn; latest complete week now: 2026-W46";

test("a withdrawal names the revision, and says when a request for a new revision ends with it", () => {
  expect(lines(run(RunState.COMPLETE, { supersedesRunId: 1 }))).toEqual([FIRST]);
  expect(lines(run(RunState.VOIDED, { supersedesRunId: 1 }))).toEqual([FIRST]);
  for (const state of [RunState.HELD, RunState.FAILED, RunState.RUNNING])
    expect(lines(run(state, { supersedesRunId: 1 }))).toEqual([
      FIRST,
      "the request for a new revision ends with it; the revision that it was to replace is shown, and a new request is npx bellwether weekly supersede --week 2026-W47 --reason TEXT --model m",
    ]);
  const asked = { supersedeRequested: { actor: "jane", reason: "cents" } };
  expect(lines(run(RunState.COMPLETE, asked))).toEqual([FIRST, "the request for a new revision ends with it"]);
});
