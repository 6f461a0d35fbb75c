import { expandInput } from "@bellwether/contract/expand-input";
import { countText } from "@bellwether/reasons/count-text";
import type { CliContext } from "../context/cli-context.ts";
import { InvalidConfigurationError } from "../errors/invalid-configuration-error.ts";
import type { GivenOptions } from "../output/given-options.ts";
import type { Report } from "../output/report.ts";
import { withoutScoreText } from "./run-text.ts";
import { findMissingInputs, type RunOptions, runWeek, type WeeklyOutcome, WeeklyRunError } from "./run-week.ts";

/** A replay that stopped at a week. The weeks before it are complete. */
class ReplayStoppedError extends Error {
  override readonly name = "ReplayStoppedError" as const;
  /** Fields of `error` under --json in addition to kind and message. */
  readonly details: object;

  constructor(week: string, complete: number, total: number, cause: WeeklyRunError | InvalidConfigurationError) {
    super(
      `the replay stopped at ${week}, with ${complete} of ${countText(total, "week")} complete: ${cause.message}; when that is solved, the same command continues with ${week}`,
      { cause },
    );
    this.details = { ...cause.details, iso_week: week, weeks_complete: complete, weeks: total };
  }
}

/** Number of missing files in a message. --json has all of them. */
const SHOWN_INPUTS = 20;

/** Weeks of a replay have no input. No week was run. */
class MissingInputsError extends Error {
  override readonly name = "MissingInputsError" as const;
  /** Fields of `error` under --json in addition to kind and message. */
  readonly details: object;

  constructor(missing: readonly { readonly week: string; readonly input: string }[], total: number) {
    const shown = missing.slice(0, SHOWN_INPUTS).map(({ week, input }) => `${week} (${input})`);
    const more = missing.length > SHOWN_INPUTS ? ` and ${missing.length - SHOWN_INPUTS} more` : "";
    super(
      `no week was run, because ${missing.length} of ${countText(total, "week")} have no input: ${shown.join(", ")}${more}; put the files there, or choose other weeks with --from, --to and --every`,
    );
    this.details = { reason: "INPUTS_MISSING", missing: missing.map(({ week, input }) => ({ iso_week: week, input })) };
  }
}

/**
 * Runs weeks in their order and stops at the first one that fails or is held. A week that is complete already is
 * not run again, so that the same call continues a replay.
 * @param input name of the input; {week} and {date} in it become the week and its Monday
 * The inputs of all weeks are looked for before the first one is run.
 * @throws ReplayStoppedError, MissingInputsError
 */
export async function replay(
  weeks: readonly string[],
  { input, ...options }: Omit<RunOptions, "week">,
  context: CliContext,
  report: Report,
  given: GivenOptions,
): Promise<readonly WeeklyOutcome[]> {
  const missing = await findMissingInputs(weeks, { ...options, input }, context, given);
  if (missing.length > 0) throw new MissingInputsError(missing, weeks.length);
  const outcomes: WeeklyOutcome[] = [];
  for (const [i, week] of weeks.entries()) {
    try {
      const outcome = await runWeek({ ...options, week, input: expandInput(input, week) }, context, given);
      outcomes.push(outcome);
      report.line(`[${i + 1}/${weeks.length}] ${outcomeText(outcome)}`);
    } catch (error) {
      // Before the first week, nothing was done: such an error is one of the input, not of the replay.
      const isStopped = error instanceof WeeklyRunError || (i > 0 && error instanceof InvalidConfigurationError);
      throw isStopped ? new ReplayStoppedError(week, i, weeks.length, error) : error;
    }
  }
  return outcomes;
}

function outcomeText({ iso_week: week, was_complete, as_of, ...outcome }: WeeklyOutcome): string {
  if (was_complete) return `${week}: complete already`;
  const rules = outcome.rules_evaluated ? "" : `; rules not evaluated, ${outcome.overtaken_by} was complete before`;
  return `${week}${as_of ? ` (as of ${as_of})` : ""}: ${countText(outcome.rows_scored, "supplier")} scored${withoutScoreText(outcome.rows_without_score)}, ${countText(outcome.rows_rejected, "row")} rejected, ${countText(outcome.alerts_raised, "alert")} raised${rules}`;
}
