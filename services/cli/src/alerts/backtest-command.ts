import { readFile } from "node:fs/promises";
import path from "node:path";
import { AlertService } from "@bellwether/gen/bellwether/ops/v1/alert_service_pb";
import type { BacktestRule, BacktestRulesResponse, BacktestWeek } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import { countText } from "@bellwether/reasons/count-text";
import { Command } from "commander";
import type { CliContext } from "../context/cli-context.ts";
import { UsageError } from "../errors/usage-error.ts";
import { isoWeek, wholeNumber } from "../input/parse-option.ts";
import { createReport } from "../output/report.ts";
import { openOps } from "../remote/ops-client.ts";
import { OPS_MODEL_FLAG, type OpsOptions, withOps } from "../remote/shared-options.ts";

interface BacktestOptions extends OpsOptions {
  readonly rules: string;
  readonly from?: string;
  readonly to?: string;
  readonly budget?: number;
  readonly model?: string;
}

const TIMEOUT_MS = 600_000;
/** As the contract. */
const MAX_RULES_BYTES = 65_536;

/** `bellwether alerts backtest` */
export function backtestCommand(context: CliContext): Command {
  return withOps(new Command("backtest"))
    .description(
      "Test alert rules on past weeks before they are used: which alerts they would have raised, week by week, beside what people decided and what came true. The command writes nothing.",
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
      "\nPeople's actions are not repeated: an alert ends when its rule ends it. The precision of a rule is the share of its alerts whose risk" +
        "\noccurred, of those about which an outcome or a decision is known, with its 95 % interval (Wilson)." +
        "\n\nExample:\n  npx bellwether alerts backtest --rules draft.yaml --from 2026-W01 --to 2026-W26 --budget 40",
    )
    .action(async (options: BacktestOptions) => {
      const report = createReport(options);
      const rulesYaml = await readRules(path.resolve(context.cwd, options.rules));
      using ops = openOps(context, options.ops, AlertService);
      const answer = await ops.answer(
        ops.client.backtestRules(
          {
            rulesYaml,
            ...{ modelName: options.model ?? "", fromWeek: options.from ?? "", toWeek: options.to ?? "" },
            weeklyBudget: options.budget ?? 0,
          },
          { timeoutMs: TIMEOUT_MS },
        ),
      );
      for (const line of backtestLines(answer)) report.line(line);
      report.json(backtestJson(answer));
    });
}

/** @throws UsageError */
async function readRules(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UsageError(
      `--rules: ${file} cannot be read (${error instanceof Error && "code" in error ? error.code : error})`,
    );
  });
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > MAX_RULES_BYTES)
    throw new UsageError(`--rules: ${file} has ${countText(bytes, "byte")}; expected 1 to ${MAX_RULES_BYTES}`);
  return text;
}

function backtestLines(answer: BacktestRulesResponse): readonly string[] {
  const { modelName, fromWeek, toWeek, weeks, rules, weeklyBudget, notes } = answer;
  const head = `${modelName}, ${fromWeek} to ${toWeek}: ${countText(weeks.length, "week")}, budget of ${countText(weeklyBudget, "new alert")} a week`;
  return [head, ...weekTable(weeks), ...rules.map(ruleLine), ...notes];
}

const COLUMNS = ["WEEK", "SCORED", "RAISED", "RECORDED", "ACTIVE", "REAL", "NOT REAL", "OCCURRED", "NOT OCCURRED"];

/** RECORDED: raised at the time. REAL, NOT REAL: decided by people. */
function weekTable(weeks: readonly BacktestWeek[]): readonly string[] {
  if (weeks.length === 0) return [];
  const sum = (week: BacktestWeek, of: "decidedReal" | "decidedNotReal" | "occurred" | "notOccurred"): number =>
    week.rules.reduce((total, rule) => total + rule[of], 0);
  const rows = weeks.map((week) => [
    ...[week.isoWeek, week.scored, week.raised, week.recordedRaised, week.active].map(String),
    ...(["decidedReal", "decidedNotReal", "occurred", "notOccurred"] as const).map((of) => String(sum(week, of))),
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ");
  return [line(COLUMNS), ...rows.map((row, i) => `${line(row)}${weeks[i]?.overBudget ? "  over budget" : ""}`)];
}

function ruleLine({ ruleId, raised, suppliers, occurred, notOccurred, ...rule }: BacktestRule): string {
  const known = occurred + notOccurred;
  const { precision, precisionLow, precisionHigh } = rule;
  const share =
    precision === undefined || precisionLow === undefined || precisionHigh === undefined
      ? "no outcome is known"
      : `precision ${precision.toFixed(2)} (${precisionLow.toFixed(2)} to ${precisionHigh.toFixed(2)}) of ${countText(Number(known), "alert")} with a known outcome`;
  return `${ruleId}: ${countText(Number(raised), "alert")} about ${countText(suppliers, "supplier")}, ${share}`;
}

function backtestJson(answer: BacktestRulesResponse) {
  const { modelName, fromWeek, toWeek, weeklyBudget, weeks, rules, weeksOverBudget, notes } = answer;
  return {
    ...{ model: modelName, from_week: fromWeek, to_week: toWeek, weekly_budget: weeklyBudget },
    weeks_over_budget: weeksOverBudget,
    rules: rules.map((rule) => ({
      ...{ rule_id: rule.ruleId, raised: Number(rule.raised), suppliers: rule.suppliers },
      ...{ occurred: Number(rule.occurred), not_occurred: Number(rule.notOccurred) },
      precision: rule.precision ?? null,
      precision_interval:
        rule.precisionLow === undefined || rule.precisionHigh === undefined
          ? null
          : [rule.precisionLow, rule.precisionHigh],
      ...{ most_raised: rule.mostRaised, most_raised_week: rule.mostRaisedWeek || null },
    })),
    weeks: weeks.map((week) => ({
      ...{ iso_week: week.isoWeek, run_id: week.runId, scored: week.scored, raised: week.raised, active: week.active },
      ...{ recorded_raised: week.recordedRaised, over_budget: week.overBudget },
      rules: week.rules.map((rule) => ({
        ...{ rule_id: rule.ruleId, raised: rule.raised, recorded: rule.recorded },
        ...{ decided_real: rule.decidedReal, decided_not_real: rule.decidedNotReal },
        ...{ occurred: rule.occurred, not_occurred: rule.notOccurred },
      })),
    })),
    notes: [...notes],
  };
}
