import type { ChangeRule } from "@bellwether/config/alert-rules";
import type { Alert, AlertChange } from "./alert.ts";
import { isActive } from "./alert.ts";
import { type AlertCandidate, decideAlert, type RuleDecision } from "./decide-alert.ts";
import { type ScoreFacts, valuesOf } from "./score-rule.ts";

/** A change of a score that a rule looks for. */
export type ScoreChange = Pick<ChangeRule, "kind" | "limit">;

/** Scores have more digits than a limit: 0.86 − 0.66 must count as a change by 0.2. The store reads by the same number. */
const ROUNDING = 1e-9;

/** Returns the smallest difference of two scores that counts as a change by the limit. */
export const smallestChange = (limit: number): number => limit - ROUNDING;

/** Whether a score changed as the rule says from one run to the next. Without a score in one of them: no. */
export function isChange(before: number | null, after: number | null, { kind, limit }: ScoreChange): boolean {
  if (before === null || after === null) return false;
  if (kind === "rises_above") return before < limit && after >= limit;
  if (kind === "drops_below") return before >= limit && after < limit;
  return Math.abs(after - before) >= smallestChange(limit);
}

/** Number of runs in a row whose scores the rule compares. */
const runsOfChange = ({ runsToClear }: Pick<ChangeRule, "runsToClear">): number => runsToClear + 1;

/**
 * Evaluates a change rule for one supplier. The alert is cleared when the score has not changed like this in
 * `runsToClear` consecutive runs.
 * @param scoreAlert The active alert of the score rule about the supplier. Null: there is none.
 */
export function changeCandidate(
  facts: ScoreFacts,
  alert: Alert | null,
  scoreAlert: Alert | null,
  rule: ChangeRule,
): AlertCandidate {
  const { recent, riskScore } = facts;
  const runs = recent.slice(0, runsOfChange(rule));
  const changes = runs.slice(0, -1).map((after, i) => isChange(runs[i + 1] ?? null, after, rule));
  const isRaised = changes[0] === true;
  const isCleared = runs.length === runsOfChange(rule) && !changes.includes(true);
  return {
    ...{ ...valuesOf(facts), alert, isCritical: false, wasBelowCritical: false, isCleared, isKept: isRaised },
    ...{ isRaised: isRaised && scoreAlert === null, isHigh: isRaised && scoreAlert === null },
    replacedBy: scoreAlert && { alertId: scoreAlert.id, ruleId: scoreAlert.ruleId },
    summary: scoreAlert
      ? `Risk score ${riskScore.toFixed(2)}; its alert is now that of ${scoreAlert.ruleId}.`
      : changeSummary(recent, isRaised, rule),
  };
}

function changeSummary([after, before]: ScoreFacts["recent"], isRaised: boolean, { kind, limit }: ScoreChange): string {
  const now = `Risk score ${(after ?? 0).toFixed(2)}`;
  if (!isRaised || before === null || before === undefined || after === null || after === undefined)
    return `${now}; it has not ${PERFECT[kind]} ${limit} since the run before.`;
  if (kind === "rises_above") return `${now}, after ${before.toFixed(2)} in the run before: it rose above ${limit}.`;
  if (kind === "drops_below") return `${now}, after ${before.toFixed(2)} in the run before: it dropped below ${limit}.`;
  const by = Math.abs(after - before).toFixed(2);
  return `${now}, after ${before.toFixed(2)} in the run before: it ${after > before ? "rose" : "fell"} by ${by}.`;
}

const PERFECT = { rises_above: "risen above", drops_below: "dropped below", changes_by: "changed by" } as const;

/** The state of a run that the decisions about change alerts need. */
interface ChangeFacts {
  readonly scores: Iterable<ScoreFacts>;
  readonly alertOf: (supplierId: number, ruleId: string) => Alert | null;
  readonly scoreAlert: (supplierId: number) => Alert | null;
}

/** Decides what the change rules do with the suppliers of a run. */
export function decideChangeRules(
  { scores, alertOf, scoreAlert }: ChangeFacts,
  rules: readonly ChangeRule[],
  decision: Omit<RuleDecision, "ruleId" | "dimension">,
): readonly AlertChange[] {
  if (rules.length === 0) return [];
  return [...scores].flatMap((facts) =>
    rules.flatMap((rule) => {
      const alert = alertOf(facts.supplierId, rule.id);
      const candidate = changeCandidate(facts, alert, scoreAlert(facts.supplierId), rule);
      if (!candidate.isHigh && !(alert && isActive(alert))) return [];
      return decideAlert(candidate, { ...decision, ruleId: rule.id, dimension: "score" }) ?? [];
    }),
  );
}
