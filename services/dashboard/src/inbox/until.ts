const DAY_MS = 86_400_000;

/** Returns the end of the day after `days` days, in the reader's time zone. */
export function endOfDayAfter(days: number, now: Date): Date {
  const end = new Date(now.getTime());
  end.setDate(end.getDate() + days);
  end.setHours(23, 59, 59, 0);
  return end;
}

/** Returns the end of a day of a date field, "2026-12-24", in the reader's time zone. Undefined: no valid day. */
export function endOfDay(day: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const end = new Date(`${day}T23:59:59`);
  return Number.isNaN(end.getTime()) ? undefined : end;
}

/** Returns a time as the value of a date field, in the reader's time zone. */
export function dayOf(time: Date): string {
  const pad = (part: number): string => String(part).padStart(2, "0");
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
}

/** Returns tomorrow as the value of a date field: the first day that can be chosen. */
export const tomorrow = (now: Date): string => dayOf(new Date(now.getTime() + DAY_MS));
