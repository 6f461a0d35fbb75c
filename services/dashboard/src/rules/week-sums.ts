import type { BacktestWeek, BacktestWeekRule } from "@bellwether/gen/bellwether/ops/v1/backtest_pb";

/** What is known about the alerts of a week. */
export type Finding = keyof Pick<BacktestWeekRule, "decidedReal" | "decidedNotReal" | "occurred" | "notOccurred">;

/** Returns the count of a week over all rules. */
export const sumOf = ({ rules }: Pick<BacktestWeek, "rules">, finding: Finding): number =>
  rules.reduce((total, rule) => total + rule[finding], 0);
