import { type BatchRun, type RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";

/** The state of a stage of a run. */
export type StageState = "done" | "now" | "failed" | "ahead";

/** States of a run that stopped at its stage. */
const STOPPED = new Set<RunState>([RunState.FAILED, RunState.HELD, RunState.MISSED]);

/** Stages are ordered by their numbers. In a complete run, all of them are done. */
export function stageStateOf(stage: RunStage, run: Pick<BatchRun, "stage" | "state">): StageState {
  const isComplete = run.state === RunState.COMPLETE || run.state === RunState.SUPERSEDED;
  if (isComplete || stage < run.stage) return "done";
  if (stage > run.stage || run.state === RunState.VOIDED) return "ahead";
  return STOPPED.has(run.state) ? "failed" : "now";
}
