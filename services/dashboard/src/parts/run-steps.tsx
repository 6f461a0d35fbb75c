import { type BatchRun, RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { countText } from "./format.ts";
import { type Standing, standingOf } from "./run-standing.ts";
import { STAGE_WORDS, wordOf } from "./words.ts";

const STAGES = [RunStage.INGEST, RunStage.VALIDATE, RunStage.SCORE, RunStage.DRIFT, RunStage.COMPLETE, RunStage.REPORT];
const STANDING_WORDS: Readonly<Record<Standing, string>> = { done: "done", now: "now", failed: "failed", ahead: "" };

/** A run's stages, and how many of its chunks are scored. */
export function RunSteps({ run }: { run: BatchRun }) {
  const { chunksReceived, chunksTotal } = run;
  return (
    <>
      <ol className="steps">
        {STAGES.map((stage) => {
          const standing = standingOf(stage, run);
          return (
            <li key={stage} data-standing={standing} aria-current={standing === "now" ? "step" : undefined}>
              {wordOf(STAGE_WORDS, stage)}
              {STANDING_WORDS[standing] && <span className="unseen">, {STANDING_WORDS[standing]}</span>}
            </li>
          );
        })}
      </ol>
      {chunksTotal !== undefined && run.state !== RunState.COMPLETE && (
        <label className="progress">
          <span>
            {countText(chunksReceived)} of {countText(chunksTotal)} chunks scored
          </span>
          <progress value={chunksReceived} max={Math.max(1, chunksTotal)} />
        </label>
      )}
    </>
  );
}
