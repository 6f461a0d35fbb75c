import path from "node:path";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { isoWeek, wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { OPS_MODEL_FLAG, type OpsOptions, withOps } from "../remote/shared-options.ts";
import { BACKTEST_TIMEOUT_MS, backtestJson, backtestLines, readRulesFile } from "./backtest-text.ts";

interface BacktestOptions extends OpsOptions {
  readonly rules: string;
  readonly from?: string;
  readonly to?: string;
  readonly budget?: number;
  readonly model?: string;
}

/** `bellwether alerts backtest` */
export function backtestCommand(context: CliContext): Command {
  return withOps(new Command("backtest"))
    .description(
      "Test alert rules on past weeks before they are used: which alerts the rules would have raised in each week, what people decided about these suppliers, and whether the risk occurred. The command writes nothing.",
    )
    .requiredOption("--rules <file>", "rules to test, in the form of config/alert_rules.yaml (required)")
    .option("--from <week>", "first ISO week (default: 52 weeks before --to)", isoWeek)
    .option("--to <week>", "last ISO week, at most 104 weeks after --from (default: the latest complete week)", isoWeek)
    .option(
      "--budget <count>",
      "number of new alerts that people can examine in a week, 1 to 100000 (default: weekly_capacity.suppliers of the rules in use)",
      wholeNumber(1, 100_000),
    )
    .option(...OPS_MODEL_FLAG)
    .addHelpText(
      "after",
      "\nActions of people are not simulated: an alert is closed only when its rule closes it. The precision of a rule: of its alerts with a known" +
        "\noutcome or decision, the share whose risk occurred, with a 95 % interval (Wilson)." +
        "\n\nExample:\n  npx bellwether alerts backtest --rules draft.yaml --from 2026-W01 --to 2026-W26 --budget 40",
    )
    .action(async (options: BacktestOptions) => {
      const report = createReport(options);
      const rulesYaml = await readRulesFile("--rules", path.resolve(context.cwd, options.rules));
      using ops = openOps(context, options.ops, AlertService);
      const answer = await ops.answer(
        ops.client.backtestRules(
          {
            rulesYaml,
            ...{ modelName: options.model ?? "", fromWeek: options.from ?? "", toWeek: options.to ?? "" },
            weeklyBudget: options.budget ?? 0,
          },
          { timeoutMs: BACKTEST_TIMEOUT_MS },
        ),
      );
      for (const line of backtestLines(answer)) report.line(line);
      report.json(backtestJson(answer));
    });
}
