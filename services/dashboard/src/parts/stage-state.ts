import { type BatchRun, type RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";

/** The state of a stage of a run. */
export type StageState = "done" | "now" | "failed" | "ahead";

/** Stages are ordered by their numbers. In a complete run, all of them are done. */
export function stageStateOf(stage: RunStage, run: Pick<BatchRun, "stage" | "state">): StageState {
  if (run.state === RunState.COMPLETE || stage < run.stage) return "done";
  if (stage > run.stage) return "ahead";
  return run.state === RunState.FAILED ? "failed" : "now";
}
