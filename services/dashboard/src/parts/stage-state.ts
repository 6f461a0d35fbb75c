import { type BatchRun, type RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";

/** Where a stage stands within its run. */
export type StageState = "done" | "now" | "failed" | "ahead";

/** Stages come in the order of their numbers; a complete run has all of them behind it. */
export function stageStateOf(stage: RunStage, run: Pick<BatchRun, "stage" | "state">): StageState {
  if (run.state === RunState.COMPLETE || stage < run.stage) return "done";
  if (stage > run.stage) return "ahead";
  return run.state === RunState.FAILED ? "failed" : "now";
}
