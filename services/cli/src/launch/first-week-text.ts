import { RunState } from "@bellwether/gen/bellwether/ops/v1/batch_pb";
import { countText } from "@bellwether/reasons/count-text";
import { minuteText } from "../output/minute-text.ts";
import { reasonText, rowsWithoutScore, stateText, withoutScoreText } from "../weekly/run-text.ts";
import type { FirstWeek } from "./first-week.ts";

/** Returns the line of a start about the latest weekly run; "" without a run. */
export function firstWeekText({ run, wasComplete }: FirstWeek): string {
  if (run === null) return "";
  const { isoWeek, state, rowsRead = 0n, rowsScored, rowsRejected, alertsRaised, completedAt } = run;
  if (state !== RunState.COMPLETE) {
    const reason = reasonText(run);
    return `week ${isoWeek} is ${stateText(state)}${reason && `: ${reason}`}; see npx bellwether weekly status`;
  }
  const rows = `${countText(rowsRead, "row")} read = ${rowsScored} scored${withoutScoreText(rowsWithoutScore(run))} + ${rowsRejected} rejected`;
  const since = completedAt ? ` (since ${minuteText(completedAt)})` : "";
  const subject = wasComplete ? `week ${isoWeek} is complete${since}` : `week ${isoWeek}`;
  return `${subject}: ${rows}; ${countText(alertsRaised, "alert")} raised`;
}
