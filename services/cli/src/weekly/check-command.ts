import { newestIsoWeek } from "@bellwether/contract/iso-week";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { withConfigOptions } from "../input/config-options.ts";
import { isoWeek, reason } from "../input/parse-option.ts";
import { type GivenOptions, givenOptions, weeklyCommandText } from "../output/given-options.ts";
import { createReport } from "../output/report.ts";
import { defaultUrlText, ML_PEER } from "../remote/peer-url.ts";
import { JSON_FLAG, OPS_FLAG } from "../remote/shared-options.ts";
import { rejectedReasonLines } from "./rejected-reason-lines.ts";
import { checkWeek, FILES_OF_MODEL_FLAG, type InputReport, type RunOptions } from "./run-week.ts";

interface CheckOptions extends Omit<RunOptions, "week"> {
  readonly week?: string;
  readonly json?: boolean;
}

/** `bellwether weekly check` */
export function checkCommand(context: CliContext): Command {
  return withConfigOptions(new Command("check"), context)
    .description(
      "Check a weekly file before a run: read and map the file, and compare the result with the previous complete week. Nothing is stored.",
    )
    .requiredOption(
      "--input <file>",
      "data of the week, as for weekly run: a file, a folder, s3://BUCKET/KEY or azure://CONTAINER/KEY (required)",
    )
    .option("--week <week>", "ISO week of the data (default: the current week)", isoWeek)
    .option("--ml <url>", `gRPC URL of ml-service, with whose model the file is checked (${defaultUrlText(ML_PEER)})`)
    .option(...FILES_OF_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(
      "--force-future <reason>",
      "check a week that has not begun as a run with this option would; nothing is recorded",
      reason,
    )
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExit code 1 in these cases:\n- A run would be held or would fail.\n- The input is not written completely: it changes during the check, or the marker of WEEKLY_INPUT_MARKER is missing." +
        "\n- A service does not answer, so that not all checks are possible.\n\nExamples:\n  npx bellwether weekly check --input week.csv" +
        "\n  npx bellwether weekly check --week 2026-W47 --input s3://lake/in/2026-W47.csv" +
        "\n  npx bellwether weekly check --week 2026-W47 --input week.csv --json | jq -r .outcome",
    )
    .action(async ({ week = newestIsoWeek(new Date()), ...options }: CheckOptions, command: Command) => {
      const report = createReport(options);
      const given = givenOptions(command);
      const found = await checkWeek({ ...options, week }, context, given);
      for (const line of inputReportLines(found, given)) report.line(line);
      const { lines: _, ...result } = found;
      report.json(result);
      if (found.outcome !== "published" && found.outcome !== "complete") throw new ReportedError(outcomeText(found));
    });
}

/** Returns the error of a check without its reason, which the lines of the result have. */
export function outcomeText({ iso_week: week, outcome }: InputReport): string {
  if (outcome === "not_whole") return `the input of ${week} is not whole yet`;
  if (outcome === "not_compared") return `it is not known what a run of ${week} with this file would say`;
  return `a run of ${week} with this file would ${outcome === "held" ? "be held" : "fail"}`;
}

/** Returns the result of a check in lines for people. */
export function inputReportLines(found: InputReport, given: GivenOptions): string[] {
  const { iso_week: week, suppliers, rows_rejected: rejected, rejected_reasons: reasons } = found;
  const { suppliers_without_score: unscored } = found;
  if (suppliers === null || rejected === null)
    return [
      `${week} (as of ${found.as_of}): not whole yet: ${found.reason}`,
      "check it again when it is written completely",
    ];
  return [
    `${week} (as of ${found.as_of}): ${countText(suppliers, "supplier")}${unscored ? ` (${unscored} of them without a score)` : ""}, ${countText(rejected, "row")} rejected; ${comparedText(found)}`,
    ...rejectedReasonLines(reasons),
    ...found.lines,
    ...found.failures.map((failure) => `a run would fail: ${failure}`),
    ...found.notes.map((note) => (note.startsWith("warning: ") ? note : `note: ${note}`)),
    ...lastLines(found, given),
  ];
}

function comparedText({ compared_with: compared, reason }: InputReport): string {
  if (compared !== null) return `compared with ${compared}`;
  return reason === "" ? "no earlier complete week" : "not compared";
}

function lastLines({ iso_week: week, outcome, reason }: InputReport, given: GivenOptions): string[] {
  const unknown = reason === "" ? [] : [`not known: ${reason}`];
  if (outcome === "published") return [`a run would publish ${week}`];
  if (outcome === "complete") {
    const supersede = weeklyCommandText("supersede", `--week ${week} --reason TEXT`, given);
    return [
      `${week} is complete already with this input: a run would do nothing. To score it again, ask for a new revision first: ${supersede}`,
    ];
  }
  if (outcome !== "held") return unknown;
  const approve = weeklyCommandText("approve", `--week ${week} --reason TEXT`, given);
  return [
    ...unknown,
    `a run would be held, and would publish nothing before somebody approves it. Correct the file and check it again; or, if the data is right, approve it after the run: ${approve}`,
  ];
}
