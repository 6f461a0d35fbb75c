import { expandInput } from "@bellwether/contract/expand-input";
import { countText } from "@bellwether/reasons/count-text";
import type { CliContext } from "../context/cli-context.ts";
import type { Report } from "../output/report.ts";
import { type RunOptions, runWeek, type WeeklyOutcome, WeeklyRunError } from "./run-week.ts";

/** A replay that stopped at a week. The weeks before it are complete. */
class ReplayStoppedError extends Error {
  override readonly name = "ReplayStoppedError" as const;
  /** Fields of `error` under --json in addition to kind and message. */
  readonly details: object;

  constructor(week: string, complete: number, total: number, cause: WeeklyRunError) {
    super(
      `the replay stopped at ${week}, with ${complete} of ${countText(total, "week")} complete: ${cause.message}; when that is solved, the same command continues with ${week}`,
      { cause },
    );
    this.details = { ...cause.details, iso_week: week, weeks_complete: complete, weeks: total };
  }
}

/**
 * Runs weeks in their order and stops at the first one that fails or is held. A week that is complete already is
 * not run again, so that the same call continues a replay.
 * @param input name of the input; {week} and {date} in it become the week and its Monday
 * @throws ReplayStoppedError
 */
export async function replay(
  weeks: readonly string[],
  { input, ...options }: Omit<RunOptions, "week">,
  context: CliContext,
  report: Report,
): Promise<readonly WeeklyOutcome[]> {
  const outcomes: WeeklyOutcome[] = [];
  for (const [i, week] of weeks.entries()) {
    try {
      const outcome = await runWeek({ ...options, week, input: expandInput(input, week) }, context);
      outcomes.push(outcome);
      report.line(`[${i + 1}/${weeks.length}] ${outcomeText(outcome)}`);
    } catch (error) {
      throw error instanceof WeeklyRunError ? new ReplayStoppedError(week, i, weeks.length, error) : error;
    }
  }
  return outcomes;
}

function outcomeText({ iso_week: week, was_complete, as_of, ...outcome }: WeeklyOutcome): string {
  if (was_complete) return `${week}: complete already`;
  const rules = outcome.rules_evaluated ? "" : `; rules not evaluated, ${outcome.overtaken_by} was complete before`;
  return `${week}${as_of ? ` (as of ${as_of})` : ""}: ${countText(outcome.rows_scored, "supplier")} scored, ${countText(outcome.rows_rejected, "row")} rejected, ${countText(outcome.alerts_raised, "alert")} raised${rules}`;
}
