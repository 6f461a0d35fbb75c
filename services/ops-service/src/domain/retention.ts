import { isoWeekNumber, isoWeekStart, newestIsoWeek } from "@bellwether/contract/iso-week";

const DAY_MS = 86_400_000;

/**
 * Returns the oldest ISO week that is kept when `weeks` weeks are kept and `newest` is the first of them. @param weeks from 1
 */
export function oldestKeptWeek(newest: string, weeks: number): string {
  const monday = Date.parse(isoWeekStart(newest)) - (weeks - 1) * 7 * DAY_MS;
  // `newestIsoWeek` counts a day from the time zone in which it begins first, 14 hours before UTC.
  return newestIsoWeek(new Date(monday));
}

/** How long data is kept. Null: forever. */
export interface RetentionLimits {
  readonly scoreWeeks: number;
  readonly snapshotWeeks: number;
  readonly outcomeWeeks: number;
  readonly reportWeeks: number | null;
  readonly auditPayloadDays: number | null;
  readonly noteDays: number | null;
}

/** State of the scores of one model. */
export interface ModelScores {
  readonly modelName: string;
  readonly newestWeek: string;
  readonly runsKept: number;
  readonly runsDue: number;
  readonly runsRemoved: number;
  readonly lastRemovedAt: Date | null;
}

/** A run whose scores are to be removed. */
export interface ExpiredRun {
  readonly runId: number;
  readonly modelName: string;
  readonly isoWeek: string;
  readonly suppliers: number;
  readonly chunks: number;
}

/** Returns the audit event of a removal of scores. @param oldest the oldest week that is kept */
export function removalEvent({ runId, ...run }: ExpiredRun, scoreWeeks: number, oldest: string) {
  const payload = { ...run, scoreWeeks, oldestKeptWeek: oldest };
  return {
    kind: "retention.scores_removed",
    actor: "ops-service",
    subject: `run/${runId}`,
    payload: JSON.stringify(payload),
  };
}

/** Whether a week is a week of the ISO calendar; others are never removed. */
export const isWeek = (text: string): boolean => isoWeekNumber(text) !== undefined;
