import { RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import type { Tone } from "./badges.tsx";

type Words = Readonly<Record<number, string>>;

/** The words and colours of weekly runs. They are apart from the others, because only the pages of runs need them. */
export const STAGE_WORDS: Words = {
  [RunStage.INGEST]: "Read the file",
  [RunStage.VALIDATE]: "Check the rows",
  [RunStage.SCORE]: "Score",
  [RunStage.DRIFT]: "Compare with an earlier week",
  [RunStage.COMPLETE]: "Publish and raise alerts",
  [RunStage.REPORT]: "Report",
};

export const RUN_STATE_WORDS: Words = {
  [RunState.RUNNING]: "Running",
  [RunState.COMPLETE]: "Complete",
  [RunState.FAILED]: "Failed",
  [RunState.HELD]: "Held: a check failed",
  [RunState.MISSED]: "Missed: no input",
  [RunState.VOIDED]: "Voided",
  [RunState.SUPERSEDED]: "Superseded",
};

export const RUN_TONES: Readonly<Record<number, Tone>> = {
  [RunState.COMPLETE]: "calm",
  [RunState.SUPERSEDED]: "quiet",
  [RunState.VOIDED]: "quiet",
  [RunState.FAILED]: "urgent",
  [RunState.HELD]: "urgent",
  [RunState.MISSED]: "careful",
};
