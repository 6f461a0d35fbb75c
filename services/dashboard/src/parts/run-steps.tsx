import { type BatchRun, RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { countOf, countText } from "./format.ts";
import { STAGE_WORDS } from "./run-words.ts";
import { type StageState, stageStateOf } from "./stage-state.ts";
import { wordOf } from "./words.ts";

const STAGES = [RunStage.INGEST, RunStage.VALIDATE, RunStage.SCORE, RunStage.DRIFT, RunStage.COMPLETE, RunStage.REPORT];
const STAGE_STATE_WORDS: Readonly<Record<StageState, string>> = {
  done: "done",
  now: "now",
  failed: "failed",
  ahead: "",
};

/** The stages of a run, and the number of its scored parts. */
export function RunSteps({ run }: { run: BatchRun }) {
  const { chunksReceived, chunksTotal } = run;
  return (
    <>
      <ol className="steps">
        {STAGES.map((stage) => {
          const state = stageStateOf(stage, run);
          return (
            <li key={stage} data-state={state} aria-current={state === "now" ? "step" : undefined}>
              {wordOf(STAGE_WORDS, stage)}
              {STAGE_STATE_WORDS[state] && <span className="unseen">, {STAGE_STATE_WORDS[state]}</span>}
            </li>
          );
        })}
      </ol>
      {chunksTotal !== undefined && run.state !== RunState.COMPLETE && (
        <label className="progress">
          <span>
            {countText(chunksReceived)} of {countOf(chunksTotal, "part")} scored
          </span>
          <progress value={chunksReceived} max={Math.max(1, chunksTotal)} />
        </label>
      )}
    </>
  );
}
