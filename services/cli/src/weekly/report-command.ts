import path from "node:path";
import { ReportFormat, ReportService } from "@bellwether/gen/bellwether/ops/v1/report_service_pb";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { writeText, writeWholeFile } from "../output/whole-file.ts";
import { openOps } from "../remote/ops-client.ts";
import { defaultUrlText, OPS_PEER } from "../remote/peer-url.ts";

interface ReportOptions {
  readonly week?: string;
  readonly model?: string;
  readonly ops?: string;
  readonly html?: string;
  readonly csv?: string;
  readonly json?: string;
}

const FORMATS = { html: ReportFormat.HTML, csv: ReportFormat.CSV, json: ReportFormat.JSON } as const;

/** `bellwether weekly report` */
export function reportCommand(context: CliContext): Command {
  return new Command("report")
    .description(
      "Write the report of a complete week to one or more files: rows, checks, drift, largest changes of scores, money at risk, alerts, rejected rows, model and configuration. Give at least one of --html, --csv and --json.",
    )
    .option("--week <week>", "ISO week, for example 2026-W47 (default: the latest complete week)", isoWeek)
    .option("--model <name>", "model of the report (default: the default model of ops-service)")
    .option("--html <file>", "write one HTML page that loads no other file, for reading and for printing")
    .option("--csv <file>", "write a table with one figure in each row")
    .option("--json <file>", "write all data of the report as JSON")
    .option("--ops <url>", `gRPC URL of ops-service (${defaultUrlText(OPS_PEER)})`)
    .addHelpText(
      "after",
      "\nExample:\n  npx bellwether weekly report --week 2026-W47 --html report.html --csv report.csv",
    )
    .action(async (options: ReportOptions) => {
      const wanted = (["html", "csv", "json"] as const).flatMap((name) => {
        const file = options[name];
        return file === undefined ? [] : [{ format: FORMATS[name], file: path.resolve(context.cwd, file) }];
      });
      if (wanted.length === 0) throw new UsageError("give the file to write: --html FILE, --csv FILE or --json FILE");
      using ops = openOps(context, options.ops, ReportService);
      const report = createReport({});
      for (const { format, file } of wanted) {
        const request = { isoWeek: options.week ?? "", modelName: options.model ?? "", format };
        const answer = await ops.answer(ops.client.getReport(request));
        await writeWholeFile(file, (out) => writeText(out, answer.content));
        report.line(`${answer.isoWeek}, ${answer.modelName}: ${file}`);
      }
    });
}
