import type { ChangeRule, RuleSet, ScoreThresholdRule } from "@bellwether/config/alert-rules";
import { countText } from "@bellwether/reasons/count-text";

/** A rule with what it does in one sentence. */
export interface RuleSummary {
  readonly ruleId: string;
  readonly summary: string;
}

/** Describes the rules of a set. */
export function describeRules({ scoreThreshold, weeklyCapacity, changes }: RuleSet): readonly RuleSummary[] {
  const { suppliers, keepWithin } = weeklyCapacity;
  const ofCapacity =
    suppliers === 0
      ? "Raises no alert: its number of suppliers is 0."
      : `Raises alerts about the ${countText(suppliers, "supplier")} of highest expected impact in a week; an alert stays open within the first ${keepWithin}.`;
  return [
    { ruleId: scoreThreshold.id, summary: describeScoreRule(scoreThreshold) },
    { ruleId: weeklyCapacity.id, summary: ofCapacity },
    ...changes.map((rule) => ({ ruleId: rule.id, summary: describeChangeRule(rule) })),
  ];
}

function describeScoreRule({ raise, runsToRaise, critical, clear, runsToClear }: ScoreThresholdRule): string {
  return `Raises an alert with a score of at least ${raise} in ${inARow(runsToRaise)}, or of at least ${critical} at once; a score below ${clear} in ${inARow(runsToClear)} resolves it.`;
}

function describeChangeRule({ kind, limit, runsToClear }: ChangeRule): string {
  const when = {
    rises_above: `rises to ${limit} or above`,
    drops_below: `drops below ${limit}`,
    changes_by: `changes by at least ${limit}`,
  }[kind];
  return `Raises an alert when the score ${when} from one run to the next; ${inARow(runsToClear)} without that resolves it.`;
}

const inARow = (runs: number): string => (runs === 1 ? "1 run" : `${runs} runs in a row`);
