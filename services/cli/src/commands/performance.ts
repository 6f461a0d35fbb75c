import path from "node:path";
import { PerformanceService } from "@bellwether/gen/bellwether/ops/v1/performance_service_pb";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { checkTargetFile } from "../output/target-folder.ts";
import { writeText, writeWholeFile } from "../output/whole-file.ts";
import { performanceHtml } from "../performance/performance-html.ts";
import { performanceJson } from "../performance/performance-json.ts";
import { outcomeLines, qualityLines, segmentLines, weekLines } from "../performance/performance-text.ts";
import { openOps } from "../remote/ops-client.ts";
import { defaultUrlText, OPS_PEER } from "../remote/peer-url.ts";

const TIMEOUT_MS = 60_000;

/** `bellwether performance` */
export function performanceCommand(context: CliContext): Command {
  return new Command("performance")
    .option("--model <name>", "model that scored (default: the default model of ops-service)")
    .option("--from <week>", "first ISO week (default: 52 weeks before --to)")
    .option("--to <week>", "last ISO week (default: the latest complete week)")
    .option("--known-on <day>", "only outcomes that were known on this day, for example 2026-03-31 (default: today)")
    .option(
      "--capacity <count>",
      "number of suppliers that the team examines in a week, 1 to 1000000 (default: weekly_capacity.suppliers of the alert rules)",
      wholeNumber(1, 1_000_000),
    )
    .option("--html <file>", "also write the figures and plots to this file, as one page of HTML")
    .option("--ops <url>", `gRPC URL of ops-service (${defaultUrlText(OPS_PEER)})`)
    .option("--json", "print the result as one line of JSON")
    .addHelpText(
      "after",
      "\nThe intervals are 95 % confidence intervals; all weeks of one supplier are one cluster. docs/performance.md explains the figures." +
        "\n\nExamples:\n  npx bellwether performance\n  npx bellwether performance --from 2025-W01 --to 2025-W52 --known-on 2026-03-31 --json" +
        "\n  npx bellwether performance --html performance.html",
    )
    .action(async (options) => {
      const report = createReport(options);
      const page = options.html === undefined ? undefined : path.resolve(context.cwd, options.html);
      if (page !== undefined) await checkTargetFile("--html", page);
      using ops = openOps(context, options.ops, PerformanceService);
      const request = {
        ...{ modelName: options.model ?? "", fromWeek: options.from ?? "", toWeek: options.to ?? "" },
        ...{ knownOn: options.knownOn ?? "", capacity: options.capacity ?? 0 },
      };
      const answer = await ops.answer(ops.client.getPerformance(request, { timeoutMs: TIMEOUT_MS }));
      if (page !== undefined) await writeWholeFile(page, (out) => writeText(out, performanceHtml(answer)));
      report.line(`${answer.modelName}, ${answer.fromWeek} to ${answer.toWeek}`);
      for (const line of outcomeLines(answer)) report.line(line);
      report.line("");
      for (const line of qualityLines(answer.overall, answer)) report.line(line);
      report.line("");
      for (const line of weekLines(answer)) report.line(line);
      for (const version of answer.versions.length > 1 ? answer.versions : []) {
        const { modelVersion, firstWeek, lastWeek, performance } = version;
        report.line("");
        report.line(`version ${modelVersion || "–"}, ${firstWeek} to ${lastWeek}:`);
        for (const line of qualityLines(performance, answer)) report.line(`  ${line}`);
      }
      report.line("");
      for (const line of segmentLines(answer)) report.line(line);
      report.json(performanceJson(answer));
    });
}
