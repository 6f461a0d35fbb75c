import { RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { expect, test } from "vitest";
import { stageStateOf } from "./stage-state.ts";

const STAGES = [RunStage.INGEST, RunStage.SCORE, RunStage.REPORT];
const stageStates = (state: RunState, stage: RunStage) => STAGES.map((one) => stageStateOf(one, { state, stage }));

test("stages before the present one are done, and later stages are ahead", () => {
  expect(stageStates(RunState.RUNNING, RunStage.SCORE)).toEqual(["done", "now", "ahead"]);
  expect(stageStates(RunState.RUNNING, RunStage.UNSPECIFIED)).toEqual(["ahead", "ahead", "ahead"]);
});

test("a failed run marks the stage in which it failed, and a complete run has no stage ahead", () => {
  expect(stageStates(RunState.FAILED, RunStage.SCORE)).toEqual(["done", "failed", "ahead"]);
  expect(stageStates(RunState.COMPLETE, RunStage.COMPLETE)).toEqual(["done", "done", "done"]);
});
