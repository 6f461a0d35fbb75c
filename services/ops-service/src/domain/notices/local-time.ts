/** A wall clock reading in a time zone. */
interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** Minutes since midnight, 0 to 1439. */
  readonly minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** A day with a weekday is found within a week, and the time of this week's day may be over. */
const DAYS_AHEAD = 8;

/**
 * Returns the next time after `now` at which clocks in a time zone show a time of day. A time that a change to
 * summer time leaves out counts as the same time an hour later; of a time that occurs twice, one is returned.
 * @param minute Minutes since midnight, 0 to 1439
 * @param weekday 0 Monday to 6 Sunday. Null: every day.
 */
export function nextLocalTime(now: Date, timeZone: string, minute: number, weekday: number | null): Date {
  const today = localTime(now, timeZone);
  for (let ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
    const noon = new Date(Date.UTC(today.year, today.month - 1, today.day + ahead, 12));
    // getUTCDay counts from Sunday.
    if (weekday !== null && (noon.getUTCDay() + 6) % 7 !== weekday) continue;
    const day = { year: noon.getUTCFullYear(), month: noon.getUTCMonth() + 1, day: noon.getUTCDate(), minute };
    const at = instantOf(day, timeZone);
    if (at > now) return at;
  }
  throw new Error(`no ${minute} min after midnight in ${timeZone} within ${DAYS_AHEAD} days`);
}

/** Returns whether a time of day is between two others. `from` counts, `to` does not; it can be after midnight. */
export function isWithinDay(minute: number, from: number, to: number): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** Returns the minutes since midnight that clocks in a time zone show, 0 to 1439. */
export function minuteOfDay(at: Date, timeZone: string): number {
  return localTime(at, timeZone).minute;
}

function localTime(at: Date, timeZone: string): LocalTime {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const get = (part: Intl.DateTimeFormatPartTypes): number => parts.get(part) ?? 0;
  return {
    year: get("year"),
    month: get("month"),
    day: get("day"),
    minute: (get("hour") * 60 + get("minute")) % DAY_MINUTES,
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats are kept, because creating one takes longer than using it. There are as many as the file names zones. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const made = new Intl.DateTimeFormat("en-US", { ...options, timeZone, hourCycle: "h23", calendar: "iso8601" });
  formats.set(timeZone, made);
  return made;
}

/** Returns when clocks show a local time: the difference to UTC is measured there, twice, because it can change that day. */
function instantOf({ year, month, day, minute }: LocalTime, timeZone: string): Date {
  const wanted = Date.UTC(year, month - 1, day, 0, minute);
  let at = wanted;
  for (let round = 0; round < 2; round++) at = wanted - offsetMs(new Date(at), timeZone);
  return new Date(at);
}

function offsetMs(at: Date, timeZone: string): number {
  const { year, month, day, minute } = localTime(at, timeZone);
  const shown = Date.UTC(year, month - 1, day, 0, minute);
  return shown - Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
}
