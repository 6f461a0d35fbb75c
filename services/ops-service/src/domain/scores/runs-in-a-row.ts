import { isoWeekNumber } from "@bellwether/contract/iso-week";
import type { Run } from "./run.ts";

/** A complete run, as the rules need it. */
export interface RuleWeek extends Pick<Run, "isoWeek" | "inputDigest" | "sourceDigest"> {
  readonly runId: number;
  /** When the run was completed, ms since 1970. Null: it is not complete yet. */
  readonly completedMs: number | null;
}

/** Returns the number of weeks from one ISO week to a later one. */
export function weeksBetween(earlier: string, later: string): number {
  return (isoWeekNumber(later) ?? 0) - (isoWeekNumber(earlier) ?? 0);
}

/**
 * Returns the runs that are in a row with the first one, newest first: each at most `maxWeeksApart` weeks before the
 * next one. Of successive runs with the same input, only the newest counts.
 * @param runs newest first
 */
export function runsInARow(runs: readonly RuleWeek[], maxWeeksApart: number): readonly RuleWeek[] {
  const counted: RuleWeek[] = [];
  for (const [i, run] of runs.entries()) {
    const next = runs[i - 1];
    if (next && weeksBetween(run.isoWeek, next.isoWeek) > maxWeeksApart) break;
    if (!next || !hasSameInput(run, next)) counted.push(run);
  }
  return counted;
}

/**
 * Compares the digests of the snapshots that the mapping made, or, if one of them is not recorded, the digests of the
 * sources.
 */
function hasSameInput(a: RuleWeek, b: RuleWeek): boolean {
  if (a.inputDigest !== "" && b.inputDigest !== "") return a.inputDigest === b.inputDigest;
  return a.sourceDigest !== "" && a.sourceDigest === b.sourceDigest;
}

/**
 * Returns the number of weeks from the resolution of an alert to a week. The week of the resolution is the newest
 * week that was complete at that time, or the week of the alert's last run if that is later. Null: that run no longer
 * exists.
 * @param weeks the complete and superseded runs of the model, in any order
 */
export function weeksSinceResolved(
  { resolvedAt, lastRunId }: { readonly resolvedAt: Date | null; readonly lastRunId: number },
  isoWeek: string,
  weeks: readonly RuleWeek[],
): number | null {
  const resolvedMs = resolvedAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const known = weeks.filter(
    ({ runId, completedMs }) => runId === lastRunId || (completedMs !== null && completedMs <= resolvedMs),
  );
  const newest = known.reduce((latest, week) => (week.isoWeek > latest ? week.isoWeek : latest), "");
  return newest === "" ? null : weeksBetween(newest, isoWeek);
}
