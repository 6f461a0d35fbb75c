import { BatchRunSchema, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { noRunText, runsOfOneModel } from "./find-run.ts";

const run = (isoWeek: string, modelName = "m") => create(BatchRunSchema, { isoWeek, modelName });

test("a week without a run names the newest weeks that have one, and the command that runs it", () => {
  const runs = ["2026-W41", "2026-W47", "2026-W46", "2026-W45", "2026-W44", "2026-W43", "2026-W47"].map((week) =>
    run(week),
  );
  expect(noRunText("2026-W42", undefined, runs)).toBe(
    "2026-W42 has no run; weeks with one: 2026-W47, 2026-W46, 2026-W45, 2026-W44, 2026-W43 and 1 more. To run it: npx bellwether weekly run --week 2026-W42 --input FILE",
  );
});

test("only the runs of the named model count", () => {
  expect(noRunText("2026-W42", "n", [run("2026-W41"), run("2026-W40", "n")])).toMatch(
    /^2026-W42 has no run of the model "n"; weeks with one: 2026-W40\. To run it: .* --model n$/,
  );
  expect(noRunText("2026-W42", undefined, [])).toContain("no week has one");
});

test("a decision that only complete runs allow is about the model with a complete run; others need the name", () => {
  const of = (modelName: string, state: RunState) =>
    create(BatchRunSchema, { isoWeek: "2026-W48", modelName, state, revision: 1 });
  const runs = [of("wrong", RunState.VOIDED), of("wrong", RunState.FAILED), of("m", RunState.COMPLETE)];
  expect(runsOfOneModel(runs, "2026-W48", RunState.COMPLETE)).toEqual([runs[2]]);
  // A repeated `void` must not reach the run of another model.
  expect(() => runsOfOneModel(runs, "2026-W48")).toThrow(
    "several models have a run of 2026-W48: m (complete), wrong (voided); name one with --model",
  );
  const both = [of("n", RunState.COMPLETE), ...runs];
  expect(() => runsOfOneModel(both, "2026-W48", RunState.COMPLETE)).toThrow("name one with --model");
  expect(runsOfOneModel(runs.slice(0, 2), "2026-W48")).toHaveLength(2);
});
