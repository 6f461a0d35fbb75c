import path from "node:path";
import { ReportFormat, ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek as parseIsoWeek } from "../input/parse-option.ts";
import { withFormerName } from "../input/renamed-option.ts";
import { createReport } from "../output/report.ts";
import { checkTargetFile } from "../output/target-folder.ts";
import { writeText, writeWholeFile } from "../output/whole-file.ts";
import { openOps } from "../remote/ops-client.ts";
import { JSON_FLAG, OPS_FLAG, OPS_MODEL_FLAG, type OpsOptions } from "../remote/shared-options.ts";

interface ReportOptions extends OpsOptions {
  readonly week?: string;
  readonly model?: string;
  readonly output: readonly string[];
}

/** Formats by the ending of the file. */
const FORMATS = new Map([
  [".html", ReportFormat.HTML],
  [".csv", ReportFormat.CSV],
  [".json", ReportFormat.JSON],
]);

/** `bellwether weekly report` */
export function reportCommand(context: CliContext): Command {
  const command = new Command("report")
    .description(
      "Write the report of a complete week to one or more files: rows, checks, drift, largest changes of scores, money at risk, alerts, rejected rows, model and configuration.",
    )
    .requiredOption(
      "--output <files...>",
      "files to write, separated by spaces. Their endings choose the form: .html is one page that loads no other file, for reading and for printing; .csv is a table with one figure in each row; .json has all data of the report (required)",
    )
    .option("--week <week>", "ISO week, for example 2026-W47 (default: the latest complete week)", parseIsoWeek)
    .option(...OPS_MODEL_FLAG)
    .option(...OPS_FLAG)
    .option(...JSON_FLAG)
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether weekly report --week 2026-W47 --output report.html report.csv report.json",
    )
    .action(async (options: ReportOptions) => {
      const wanted = options.output.map((file) => targetOf(context, file));
      for (const { file } of wanted) await checkTargetFile("--output", file);
      const report = createReport(options);
      using ops = openOps(context, options.ops, ReportService);
      const written: string[] = [];
      // The first answer chooses the week and the model of all files.
      let [isoWeek, modelName] = [options.week ?? "", options.model ?? ""];
      for (const { format, file } of wanted) {
        const answer = await ops.answer(ops.client.getReport({ isoWeek, modelName, format }));
        ({ isoWeek, modelName } = answer);
        await writeWholeFile(file, (out) => writeText(out, answer.content));
        report.line(`${isoWeek}, ${modelName}: ${file}`);
        written.push(file);
      }
      report.json({ iso_week: isoWeek, model: modelName, files: written });
    });
  for (const form of ["html", "csv"]) withFormerName(command, `--${form}`, `--output FILE.${form}`);
  return command;
}

function targetOf({ cwd }: CliContext, given: string): { readonly format: ReportFormat; readonly file: string } {
  const format = FORMATS.get(path.extname(given).toLowerCase());
  if (format === undefined)
    throw new UsageError(`--output: ${given}: expected a file that ends in ${[...FORMATS.keys()].join(", ")}`);
  return { format, file: path.resolve(cwd, given) };
}
