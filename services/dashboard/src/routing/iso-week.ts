const DAY_MS = 86_400_000;

/**
 * Number of an ISO week on a line without gaps: successive weeks differ by 1, across years too.
 * Undefined for what is no ISO week, for example "2026-W54". (ISO 8601: week 1 holds January 4, weeks start on Monday.)
 */
export function isoWeekNumber(isoWeek: string): number | undefined {
  const match = /^(\d{4})-W(\d{2})$/.exec(isoWeek);
  if (!match) return undefined;
  const [year, week] = [Number(match[1]), Number(match[2])];
  if (week < 1 || week > weeksOfYear(year)) return undefined;
  return firstWeekNumber(year) + week - 1;
}

/** Days from 1970-01-01, a Thursday: shifted by three, days 0 to 6 are one Monday to Sunday. */
function firstWeekNumber(year: number): number {
  return Math.floor((Date.UTC(year, 0, 4) / DAY_MS + 3) / 7);
}

function weeksOfYear(year: number): number {
  return firstWeekNumber(year + 1) - firstWeekNumber(year);
}
