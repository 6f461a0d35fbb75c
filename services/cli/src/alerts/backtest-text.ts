import { readFile } from "node:fs/promises";
import type { BacktestRule, BacktestRulesResponse, BacktestWeek } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";
import { countText } from "@bellwether/reasons/count-text";
import { UsageError } from "../errors/usage-error.ts";

/** Deadline of the contract for a back-test. */
export const BACKTEST_TIMEOUT_MS = 600_000;
/** As the contract. */
const MAX_RULES_BYTES = 65_536;

/** Reads the file of --rules or --file. @throws UsageError */
export async function readRulesFile(flag: string, file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UsageError(
      `${flag}: ${file} cannot be read (${error instanceof Error && "code" in error ? error.code : error})`,
    );
  });
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > MAX_RULES_BYTES)
    throw new UsageError(`${flag}: ${file} has ${countText(bytes, "byte")}; expected 1 to ${MAX_RULES_BYTES}`);
  return text;
}

/** The result of a back-test for a person. */
export function backtestLines(answer: BacktestRulesResponse): readonly string[] {
  const { modelName, fromWeek, toWeek, weeks, rules, weeklyBudget, raisedAtOnce, notes } = answer;
  const head = `${modelName}, ${fromWeek} to ${toWeek}: ${countText(weeks.length, "week")}, budget of ${countText(weeklyBudget, "new alert")} a week`;
  const atOnce = `${countText(raisedAtOnce, "alert")} would be raised in the next run, if the scores stay as they are`;
  return [head, ...weekTable(weeks), ...rules.map(ruleLine), ...(weeks.length > 0 ? [atOnce] : []), ...notes];
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

/** The result of a back-test as JSON. */
export function backtestJson(answer: BacktestRulesResponse) {
  const { modelName, fromWeek, toWeek, weeklyBudget, weeks, rules, weeksOverBudget, notes } = answer;
  return {
    ...{ model: modelName, from_week: fromWeek, to_week: toWeek, weekly_budget: weeklyBudget },
    ...{ weeks_over_budget: weeksOverBudget, raised_at_once: answer.raisedAtOnce },
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
