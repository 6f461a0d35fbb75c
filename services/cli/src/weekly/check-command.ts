import { newestIsoWeek } from "@bellwether/contract/iso-week";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { ReportedError } from "../errors/reported-error.ts";
import { isoWeek } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { defaultUrlText, ML_PEER, OPS_PEER } from "../remote/peer-url.ts";
import { checkWeek, type InputReport, type RunOptions } from "./run-week.ts";

interface CheckOptions extends Omit<RunOptions, "week"> {
  readonly week?: string;
  readonly json?: boolean;
}

/** `bellwether weekly check` */
export function checkCommand(context: CliContext): Command {
  return new Command("check")
    .description(
      "Say beforehand what a run of a file would say: read and map it, and compare it with the previous complete week. Nothing is stored.",
    )
    .requiredOption("--input <file>", "data of the week, as for weekly run (required)")
    .option("--week <week>", "ISO week of the data (default: the present week)", isoWeek)
    .option("--config <file>", "model configuration, YAML", "config/model_config.yaml")
    .option("--mapping <file>", "feature mapping, YAML", "config/feature_mapping.yaml")
    .option("--ml <url>", `gRPC URL of ml-service, whose model is compared (${defaultUrlText(ML_PEER)})`)
    .option("--ops <url>", `gRPC URL of ops-service (${defaultUrlText(OPS_PEER)})`)
    .option("--json", "print the result as one line of JSON")
    .addHelpText(
      "after",
      "\nExit code 1 if a run would be held or would fail.\n\nExamples:\n  npx bellwether weekly check --input week.csv" +
        "\n  npx bellwether weekly check --week 2026-W47 --input week.csv --json | jq -r .outcome",
    )
    .action(async ({ week = newestIsoWeek(new Date()), ...options }: CheckOptions) => {
      const report = createReport(options);
      const found = await checkWeek({ ...options, week }, context);
      for (const line of inputReportLines(found)) report.line(line);
      const { lines: _, ...result } = found;
      report.json(result);
      if (found.outcome !== "published")
        throw new ReportedError(
          `a run of ${found.iso_week} with this file would ${found.outcome === "held" ? "be held" : "fail"}`,
        );
    });
}

const SHOWN_REASONS = 10;

/** Returns the result of a check in lines for people. */
export function inputReportLines(found: InputReport): string[] {
  const { iso_week: week, suppliers, rows_rejected: rejected, rejected_reasons: reasons } = found;
  const compared = found.compared_with === null ? "no earlier complete week" : `compared with ${found.compared_with}`;
  const more = reasons.length - SHOWN_REASONS;
  return [
    `${week} (as of ${found.as_of}): ${countText(suppliers, "supplier")}, ${countText(rejected, "row")} rejected; ${compared}`,
    ...reasons.slice(0, SHOWN_REASONS).map(({ column, reason, rows, sample }) => {
      const place =
        sample === null
          ? ""
          : `, first: ${sample.file}${sample.line === null ? "" : ` line ${sample.line}`} (${JSON.stringify(sample.text)})`;
      return `rejected: ${countText(rows, "row")}, ${column === null ? "" : `${column}: `}${reason}${place}`;
    }),
    ...(more > 0 ? [`rejected: and ${countText(more, "more reason")}`] : []),
    ...found.lines,
    ...found.failures.map((failure) => `a run would fail: ${failure}`),
    ...found.notes.map((note) => (note.startsWith("warning: ") ? note : `note: ${note}`)),
    ...(found.outcome === "published" ? [`a run would publish ${week}`] : []),
    ...(found.outcome === "held"
      ? [`a run would be held, until somebody approves it: npx bellwether weekly approve --week ${week} --reason TEXT`]
      : []),
  ];
}
