import { Band, OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertEventKind, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { RunStage, RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";

type Words = Readonly<Record<number, string>>;

/** The words that the dashboard shows for values of the contract. */
export const SEVERITY_WORDS: Words = { [AlertSeverity.WARNING]: "Warning", [AlertSeverity.CRITICAL]: "Critical" };

export const STATE_WORDS: Words = {
  [AlertState.OPEN]: "Open",
  [AlertState.ACKNOWLEDGED]: "Acknowledged",
  [AlertState.RESOLVED]: "Resolved",
};

export const DISPOSITION_WORDS: Words = {
  [Disposition.MITIGATED]: "Mitigated",
  [Disposition.ACCEPTED]: "Accepted",
  [Disposition.FALSE_ALARM]: "False alarm",
  [Disposition.CLEARED]: "Cleared by its rule",
  [Disposition.LAPSED]: "Lapsed without a score",
  [Disposition.REPLACED]: "Replaced by another rule",
};

export const EVENT_WORDS: Words = {
  [AlertEventKind.RAISED]: "Raised",
  [AlertEventKind.ESCALATED]: "Became more severe",
  [AlertEventKind.ACKNOWLEDGED]: "Acknowledged",
  [AlertEventKind.RESOLVED]: "Resolved",
  [AlertEventKind.REOPENED]: "Opened again",
  [AlertEventKind.DEESCALATED]: "Became less severe",
};

export const BAND_WORDS: Words = {
  [Band.UNKNOWN]: "Unknown",
  [Band.LOW]: "Low",
  [Band.MEDIUM]: "Medium",
  [Band.HIGH]: "High",
};

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
};

export const SPACE_WORDS: Words = {
  [OutputSpace.UNSPECIFIED]: "an unknown unit",
  [OutputSpace.MARGIN]: "log-odds before calibration",
  [OutputSpace.PROBABILITY]: "probability before calibration",
  [OutputSpace.RAW]: "the model's own unit",
};

/**
 * Returns the word of a value. A value that this version of the dashboard does not know is shown as its
 * number.
 */
export function wordOf(words: Words, value: number): string {
  return words[value] ?? `Unknown (${value})`;
}
