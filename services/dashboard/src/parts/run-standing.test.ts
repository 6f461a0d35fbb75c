import { RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { expect, test } from "vitest";
import { standingOf } from "./run-standing.ts";

const STAGES = [RunStage.INGEST, RunStage.SCORE, RunStage.REPORT];
const standings = (state: RunState, stage: RunStage) => STAGES.map((one) => standingOf(one, { state, stage }));

test("stages before the present one are done, those after it are ahead", () => {
  expect(standings(RunState.RUNNING, RunStage.SCORE)).toEqual(["done", "now", "ahead"]);
  expect(standings(RunState.RUNNING, RunStage.UNSPECIFIED)).toEqual(["ahead", "ahead", "ahead"]);
});

test("a failed run names the stage it failed at, a complete one has none ahead", () => {
  expect(standings(RunState.FAILED, RunStage.SCORE)).toEqual(["done", "failed", "ahead"]);
  expect(standings(RunState.COMPLETE, RunStage.COMPLETE)).toEqual(["done", "done", "done"]);
});
