const FORM = /^(\d{4})-W(\d{2})$/;
const DAY_MS = 86_400_000;

/** A text that is not a week of the ISO calendar. */
export class IsoWeekError extends Error {
  override readonly name = "IsoWeekError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];

  constructor(text: string, expected: string, is = "is not an ISO week") {
    super(`"${text.slice(0, 40)}" ${is}: ${expected}`);
    this.fieldViolations = [{ field: "iso_week", description: expected }];
  }
}

/**
 * Returns the number of weeks of a year by ISO 8601: 53 when its 1 January or its 31 December is a Thursday,
 * else 52.
 */
function weeksOf(year: number): number {
  const thursday = (month: number, day: number) => new Date(Date.UTC(year, month, day)).getUTCDay() === 4;
  return thursday(0, 1) || thursday(11, 31) ? 53 : 52;
}

/** Checks an ISO week such as "2026-W47" and returns it. @throws IsoWeekError with the expected form */
export function parseIsoWeek(text: string): string {
  const [, year = "", week = ""] = FORM.exec(text) ?? [];
  if (year === "") throw new IsoWeekError(text, "expected a year and a week such as 2026-W47");
  const weeks = weeksOf(Number(year));
  if (Number(week) < 1 || Number(week) > weeks) throw new IsoWeekError(text, `${year} has the weeks W01 to W${weeks}`);
  return text;
}

/** A week that has not begun anywhere on Earth. */
export class FutureWeekError extends Error {
  override readonly name = "FutureWeekError" as const;
  readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];

  /** @param furthest The latest week that may be forced. */
  constructor(week: string, present: string, furthest: string) {
    const way =
      week > furthest
        ? `correct the week; ${furthest} is the last one that may be forced`
        : "correct the week, or force it with a reason (force_future)";
    super(
      `${week} has not begun, the current ISO week is ${present}: runs of the weeks before it would then count as overtaken; ${way}`,
    );
    this.fieldViolations = [{ field: "iso_week", description: `the current ISO week is ${present}` }];
  }
}

/** How long before UTC a day begins in the time zone where it begins first (Pacific/Kiritimati). */
const FIRST_ZONE_MS = 14 * 3_600_000;

/** Returns the newest ISO week that has begun somewhere on Earth. */
export function newestIsoWeek(now: Date): string {
  return isoWeekOf(now.getTime() + FIRST_ZONE_MS);
}

/** Whether an ISO week has not begun anywhere on Earth. */
export function isFutureWeek(week: string, now: Date): boolean {
  // Years have four digits and weeks two, so the order of the texts is the order in time.
  return week > newestIsoWeek(now);
}

/**
 * Maximum number of weeks ahead that a caller can force, enough for a rehearsal or a holiday. Until a forced
 * week begins, every earlier week is overtaken and creates no alerts.
 */
const FORCED_WEEKS_AHEAD = 8;

/**
 * Maximum age of a week in years. An older week is a typing error, because procurement keeps no snapshots
 * that old.
 */
const OLDEST_YEARS = 30;

/**
 * Rejects a week that has not begun anywhere on Earth, unless it is forced and at most 8 weeks ahead. Also
 * rejects a week that is more than 30 years back.
 * @throws FutureWeekError, IsoWeekError
 */
export function checkWeekBegun(week: string, now: Date, isForced: boolean): void {
  const furthest = newestIsoWeek(new Date(now.getTime() + FORCED_WEEKS_AHEAD * 7 * DAY_MS));
  if (isFutureWeek(week, now) && (!isForced || week > furthest))
    throw new FutureWeekError(week, newestIsoWeek(now), furthest);
  const oldest = newestIsoWeek(new Date(now.getTime() - OLDEST_YEARS * 365.25 * DAY_MS));
  if (week < oldest)
    throw new IsoWeekError(week, `expected a week of the last ${OLDEST_YEARS} years, from ${oldest} on`, "is too old");
}

/** Returns the Monday on which a valid ISO week begins, as an ISO date. */
export function isoWeekStart(week: string): string {
  const [, year = "", number = ""] = FORM.exec(week) ?? [];
  // 4 January is always in week 1.
  const fourth = Date.UTC(Number(year), 0, 4);
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS;
  return new Date(monday + (Number(number) - 1) * 7 * DAY_MS).toISOString().slice(0, 10);
}

/** Returns the Sunday on which a valid ISO week ends, as an ISO date. */
export function isoWeekEnd(week: string): string {
  return new Date(Date.parse(isoWeekStart(week)) + 6 * DAY_MS).toISOString().slice(0, 10);
}

/** Returns the ISO week of a moment in the calendar of an IANA time zone. */
export function isoWeekAt(moment: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return isoWeekOf(Date.parse(`${format.format(moment)}T00:00:00Z`));
}

/** Returns the ISO week of a moment in UTC, milliseconds since 1970. */
function isoWeekOf(utcMs: number): string {
  const midnight = Math.floor(utcMs / DAY_MS) * DAY_MS;
  // The week belongs to the year of its Thursday.
  const weekday = (new Date(midnight).getUTCDay() + 6) % 7;
  const thursday = new Date(midnight + (3 - weekday) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}

/**
 * Returns the consecutive number of an ISO week: successive weeks differ by 1, across years too. Undefined
 * for a text that is not an ISO week, for example "2026-W54".
 */
export function isoWeekNumber(text: string): number | undefined {
  const [, year = "", week = ""] = FORM.exec(text) ?? [];
  if (year === "" || Number(week) < 1 || Number(week) > weeksOf(Number(year))) return undefined;
  // Monday, 29 December 1969 begins week 0.
  return (Date.parse(isoWeekStart(text)) / DAY_MS + 3) / 7;
}

/** Returns the ISO week with a consecutive number that `isoWeekNumber` returned. */
export function isoWeekOfNumber(number: number): string {
  return isoWeekOf((number * 7 - 3) * DAY_MS);
}
