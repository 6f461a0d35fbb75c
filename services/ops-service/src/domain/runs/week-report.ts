import type { Band } from "@bellwether/contract/band-codes";
import { isoWeekNumber } from "@bellwether/contract/iso-week";
import type { RunLosses } from "../run-losses.ts";
import type { ImpactFormula } from "../scores/expected-impact.ts";
import type { RunTotal } from "./run-totals.ts";

/** How recent the latest complete week is. */
export type WeekState = "current" | "late" | "stale";

/** A supplier whose score changed much. */
export interface Mover {
  readonly supplierId: string;
  readonly name: string;
  readonly riskScore: number;
  readonly change: number;
  readonly band: Band;
  /** Null: the exposure is not known. */
  readonly impact: number | null;
  /** In [0, 1]. Null: not recorded. */
  readonly completeness: number | null;
}

/** A change of an alert in a week. */
export type WeekChange = keyof AlertCounts;

/** Numbers of alerts that changed. */
export interface AlertCounts {
  readonly raised: number;
  readonly worse: number;
  readonly better: number;
  readonly cleared: number;
  readonly snoozed: number;
  readonly resolved: number;
}

/** A complete week, as a report needs it. */
export interface ReportedRun {
  readonly runId: number;
  readonly isoWeek: string;
  readonly completedAt: Date | null;
  readonly formula: ImpactFormula | null;
  readonly totals: readonly RunTotal[];
  readonly losses: RunLosses | null;
  readonly overtakenBy: string;
}

/** The summary of a week. */
export interface WeekReport {
  readonly modelName: string;
  readonly modelNames: readonly string[];
  readonly run: ReportedRun;
  /** The model's latest complete week before. Null: there is none. */
  readonly previous: ReportedRun | null;
  readonly latestWeek: string;
  /** Why the latest later run failed. Empty: none failed. */
  readonly laterFailure: string;
  readonly isLaterRunning: boolean;
  readonly alerts: AlertCounts;
  readonly risers: readonly Mover[];
  readonly fallers: readonly Mover[];
}

/**
 * Returns how recent a week is. The data of a week are complete when it has ended, so the week before the current
 * one is current.
 */
export function weekState(latestWeek: string, currentWeek: string): WeekState {
  const behind = (isoWeekNumber(currentWeek) ?? 0) - (isoWeekNumber(latestWeek) ?? 0);
  return behind <= 1 ? "current" : behind === 2 ? "late" : "stale";
}

/** Adds up one number of the totals. Null: a band does not have it. */
export function sumOf(totals: readonly RunTotal[], field: Exclude<keyof RunTotal, "band">): number | null {
  return totals.reduce<number | null>((sum, total) => {
    const value = total[field];
    return sum === null || value === null ? null : sum + value;
  }, 0);
}
