import { Band, OutputSpace } from "@bellwether/gen/bellwether/inference/v1/score_pb";
import { AlertEventKind, AlertSeverity, AlertState, Disposition } from "@bellwether/gen/bellwether/ops/v1/alert_pb";
import { WeekChange } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { Criticality } from "@bellwether/gen/bellwether/ops/v1/supplier_pb";

type Words = Readonly<Record<number, string>>;

/** The words that the dashboard shows for values of the contract. */
export const SEVERITY_WORDS: Words = { [AlertSeverity.WARNING]: "Warning", [AlertSeverity.CRITICAL]: "Critical" };

export const STATE_WORDS: Words = {
  [AlertState.OPEN]: "Open",
  [AlertState.ACKNOWLEDGED]: "Acknowledged",
  [AlertState.RESOLVED]: "Resolved",
  [AlertState.IN_MITIGATION]: "In mitigation",
};

export const DISPOSITION_WORDS: Words = {
  [Disposition.MITIGATED]: "Mitigated",
  [Disposition.ACCEPTED]: "Accepted",
  [Disposition.FALSE_ALARM]: "False alarm",
  [Disposition.CLEARED]: "Cleared by its rule",
  [Disposition.LAPSED]: "Lapsed without a score",
  [Disposition.REPLACED]: "Replaced by another rule",
  [Disposition.FALSE_DATA]: "False: wrong data",
  [Disposition.FALSE_MODEL]: "False: wrong score",
  [Disposition.DUPLICATE]: "Duplicate",
  [Disposition.VOID]: "Void: its run was withdrawn",
};

export const EVENT_WORDS: Words = {
  [AlertEventKind.RAISED]: "Raised",
  [AlertEventKind.ESCALATED]: "Became more severe",
  [AlertEventKind.ACKNOWLEDGED]: "Acknowledged",
  [AlertEventKind.RESOLVED]: "Resolved",
  [AlertEventKind.REOPENED]: "Opened again",
  [AlertEventKind.DEESCALATED]: "Became less severe",
  [AlertEventKind.MITIGATION_STARTED]: "In mitigation",
  [AlertEventKind.ASSIGNED]: "Handed over",
  [AlertEventKind.SNOOZED]: "Snoozed",
  [AlertEventKind.WOKEN]: "Snooze ended",
  [AlertEventKind.COMMENTED]: "Comment",
  [AlertEventKind.OVERRIDDEN]: "Overridden",
  [AlertEventKind.OVERRIDE_ENDED]: "Override ended",
  [AlertEventKind.UNDONE]: "Undone",
  [AlertEventKind.VOIDED]: "Its run was withdrawn",
};

export const WEEK_CHANGE_WORDS: Words = {
  [WeekChange.RAISED]: "New",
  [WeekChange.WORSE]: "More severe",
  [WeekChange.BETTER]: "Less severe",
  // An alert can be in another state since: these are no states, as the tabs have them.
  [WeekChange.CLEARED]: "Cleared at some time",
  [WeekChange.SNOOZED]: "Snoozed at some time",
  [WeekChange.RESOLVED]: "Decided at some time",
};

export const BAND_WORDS: Words = {
  [Band.UNKNOWN]: "Unknown",
  [Band.LOW]: "Low",
  [Band.MEDIUM]: "Medium",
  [Band.HIGH]: "High",
};

export const CRITICALITY_WORDS: Words = {
  [Criticality.LOW]: "Low: easy to replace",
  [Criticality.NORMAL]: "Normal",
  [Criticality.HIGH]: "High: hard to replace",
  [Criticality.CRITICAL]: "Critical: cannot be replaced in time",
};

export const SPACE_WORDS: Words = {
  [OutputSpace.UNSPECIFIED]: "an unknown unit",
  [OutputSpace.MARGIN]: "log-odds, before they become a probability",
  [OutputSpace.PROBABILITY]: "probability, before it is calibrated",
  [OutputSpace.RAW]: "the model's own unit",
  [OutputSpace.CLASS_MARGIN]: "the margin of the risk class, before the classes are compared",
};

/**
 * Returns the word of a value. A value that this version of the dashboard does not know is shown as its
 * number.
 */
export function wordOf(words: Words, value: number): string {
  return words[value] ?? `Unknown (${value})`;
}

/**
 * Returns who did something. A name that the server uses for its rules, or for nobody, is put in words.
 * @param isFirst whether a sentence begins with it
 */
export function personText(subject: string, isFirst = false): string {
  if (subject === "rules") return `${isFirst ? "T" : "t"}he alert rules`;
  return subject === "" || subject === "anonymous" ? `${isFirst ? "S" : "s"}omebody` : subject;
}
