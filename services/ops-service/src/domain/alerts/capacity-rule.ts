import type { WeeklyCapacityRule } from "@bellwether/config/alert-rules";
import { countText } from "@bellwether/reasons/count-text";
import { compareSupplierIds } from "../suppliers/compare-supplier-ids.ts";
import type { Alert } from "./alert.ts";
import type { AlertCandidate } from "./decide-alert.ts";
import { type ScoreFacts, valuesOf } from "./score-rule.ts";

/** Relative error of a mean of float64 numbers: its last digits depend on the order in which they are added. */
const MEAN_ERROR = 1e-12;

/**
 * Returns the lowest score with which the rule selects a supplier. The rounding error of the mean is subtracted, so
 * that a score exactly at the limit is selected in every order of the scores.
 */
export function lowestScore({ minLift }: WeeklyCapacityRule, meanScore: number): number {
  return minLift * meanScore * (1 - MEAN_ERROR);
}

/** The scores of a supplier with the id that the caller gave it. */
export interface ImpactFacts extends ScoreFacts {
  readonly externalId: string;
}

/**
 * Orders suppliers by expected impact, highest first. Equal impacts are ordered by `compareSupplierIds`. The store reads
 * in the same order.
 */
export function compareByImpact(a: ImpactFacts, b: ImpactFacts): number {
  return b.impact - a.impact || compareSupplierIds(a.externalId, b.externalId);
}

/**
 * Ranks suppliers by expected impact, from 1 to `keepWithin`. Suppliers that have another alert, or that are
 * in their cool-down, get no rank: the next supplier gets it instead.
 * @param byImpact Suppliers with at least the rule's lowest score, in the order of `compareByImpact`.
 */
export function rankByImpact(
  byImpact: readonly ScoreFacts[],
  { keepWithin }: WeeklyCapacityRule,
  isLeftOut: (supplierId: number) => boolean,
): ReadonlyMap<number, number> {
  const ranks = new Map<number, number>();
  for (const { supplierId } of byImpact) {
    if (ranks.size >= keepWithin) break;
    if (!isLeftOut(supplierId)) ranks.set(supplierId, ranks.size + 1);
  }
  return ranks;
}

/**
 * Evaluates the capacity rule for one supplier.
 * @param scoreAlert The active alert of the score rule about the supplier. Null: there is none.
 */
export function capacityCandidate(
  facts: ScoreFacts,
  alert: Alert | null,
  { rank, scoreAlert }: { readonly rank: number | null; readonly scoreAlert: Alert | null },
  rule: WeeklyCapacityRule,
): AlertCandidate {
  const isRaised = rank !== null && rank <= rule.suppliers;
  const score = `Risk score ${facts.riskScore.toFixed(2)}`;
  const place =
    rank === null
      ? `not among the ${countText(rule.keepWithin, "supplier")} of highest expected impact`
      : `among the ${countText(isRaised ? rule.suppliers : rule.keepWithin, "supplier")} of highest expected impact`;
  return {
    ...{ ...valuesOf(facts), alert, isRaised, isHigh: isRaised, isCritical: false, wasBelowCritical: false },
    isCleared: rank === null,
    isKept: rank !== null,
    replacedBy: scoreAlert && { alertId: scoreAlert.id, ruleId: scoreAlert.ruleId },
    summary: scoreAlert ? `${score}; its alert is now that of ${scoreAlert.ruleId}.` : `${score}, ${place}.`,
  };
}
